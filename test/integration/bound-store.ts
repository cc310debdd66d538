/** A store's methods as an object of its own, to replace one of. */
import type { Store } from '../../sql/store.ts';

export function boundStore(whole: Store): Store {
  const { database, topology } = whole;
  return {
    database,
    topology,
    query: whole.query.bind(whole),
    indicator: whole.indicator.bind(whole),
    quotient: whole.quotient.bind(whole),
    declared: whole.declared.bind(whole),
    insert: whole.insert.bind(whole),
    insertEncoded: whole.insertEncoded.bind(whole),
    define: whole.define.bind(whole),
    command: whole.command.bind(whole),
    read: whole.read.bind(whole),
    ping: whole.ping.bind(whole),
    close: whole.close.bind(whole),
  };
}
