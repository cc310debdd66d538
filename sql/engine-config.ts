/** The embedded engine's two configuration files, as text. */

/**
 * What makes an engine one shard of a cluster of engines on this machine, as the tests do. It then
 * listens for the others on a native TCP port too, on loopback. A station's engine never does: in this
 * library a login that is refused there ends the engine (SIGABRT), so anybody on the machine could end it.
 */
export interface ShardOptions {
  readonly cluster: string;
  /** Of this engine, from 1: its port is `ports[number - 1]`. */
  readonly number: number;
  /** Native TCP ports of all shards, in order. */
  readonly ports: readonly number[];
  /** Shared by the shards, by which they know each other. */
  readonly secret: string;
}

/**
 * Left free on the engine's disk: an insert that would need it is refused while it is still clean to
 * refuse, and merges, a restart and the station's own files find room.
 */
const KEEP_FREE_B = 64 * 1024 * 1024;

/**
 * Server settings. The caches are bounded far below ClickHouse's defaults (5 GiB each), because the
 * engine shares a small machine with the station.
 */
export function engineConfig(usersFile: string, shard?: ShardOptions): string {
  return `<clickhouse>
  <logger><level>warning</level><console>0</console></logger>
  <timezone>UTC</timezone>
  <user_directories><users_xml><path>${escapeXml(usersFile)}</path></users_xml></user_directories>
  <users_config>${escapeXml(usersFile)}</users_config>
  <max_server_memory_usage_to_ram_ratio>0.5</max_server_memory_usage_to_ram_ratio>
  <mark_cache_size>268435456</mark_cache_size>
  <primary_index_cache_size>67108864</primary_index_cache_size>
  <index_mark_cache_size>67108864</index_mark_cache_size>
  <storage_configuration><disks><default><keep_free_space_bytes>${KEEP_FREE_B}</keep_free_space_bytes></default></disks></storage_configuration>
  <!-- Where \`tongda store backup\` may write is for the user's file permissions to say. -->
  <backups><allowed_path>/</allowed_path></backups>
  <!-- Parts replaced by a merge stay until the merged part has surely reached the disk; this build's default is 0. -->
  <merge_tree><old_parts_lifetime>480</old_parts_lifetime></merge_tree>
${shard ? clusterConfig(shard) : ''}</clickhouse>
`;
}

function clusterConfig({ cluster, number, ports, secret }: ShardOptions): string {
  const shards = ports.map(
    (port) => `<shard><replica><host>127.0.0.1</host><port>${port}</port></replica></shard>`,
  );
  return `  <macros><shard>${number}</shard><replica>1</replica></macros>
  <remote_servers>
    <${cluster}>
      <secret>${escapeXml(secret)}</secret>
      ${shards.join('\n      ')}
    </${cluster}>
  </remote_servers>
`;
}

/**
 * Users. The engine's own run needs `default` without a password; reduced to the one grant that
 * opens the listener, it reads no table and no file for a stranger on the machine. The station logs
 * in by name, with a password made anew at each start.
 */
export function engineUsers(username: string, passwordSha256: string): string {
  return `<clickhouse>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>
    <default>
      <password></password>
      <networks><ip>::1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants><query>GRANT SYSTEM LISTEN ON *.*</query></grants>
    </default>
    <${username}>
      <password_sha256_hex>${passwordSha256}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <access_management>1</access_management>
    </${username}>
  </users>
</clickhouse>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
