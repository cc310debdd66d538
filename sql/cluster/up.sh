#!/bin/sh
# Brings up two shards with two replicas each (compose.yaml) and says how a station is started on
# them. Passwords are made once and kept in .env, readable by its owner alone.
set -eu
cd "$(dirname "$0")"

command -v docker >/dev/null || { echo '没有 Docker · there is no Docker here' >&2; exit 1; }

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
if [ ! -f .env ]; then
  umask 077
  printf 'TONGDA_CLUSTER_PASSWORD=%s\nTONGDA_CLUSTER_SECRET=%s\n' "$(random)" "$(random)" > .env.draft
  mv .env.draft .env
fi
. ./.env

docker compose up --detach --wait

cat <<SAY
集群已就绪,启动站点 · the cluster is up, start a station with:

  TONGDA_CLICKHOUSE_URL=http://tongda:$TONGDA_CLUSTER_PASSWORD@127.0.0.1:8123/tongda \\
  TONGDA_CLICKHOUSE_CLUSTER=tongda npm start

结束 · to end it:  (cd $(pwd) && docker compose down)          数据保留 · data are kept
连同数据 · to end it with its data:  docker compose down --volumes
SAY
