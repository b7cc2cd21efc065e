/** Declares the metrics of lines that run. */
import type { Sql } from "#engines/sql";
import type { Measure } from "#platform/measure";
import type { Metrics } from "#platform/metrics";

export type LineFigures = {
  drop: string;
  places: number;
  called: number;
  passes: number;
  offers: number;
  rate: number;
  share: number;
};

/** Of the lines whose drops are not over. */
export function readLines(sql: Sql): Promise<LineFigures[]> {
  return sql.query<LineFigures>(
    `select r.drop_id as drop, r.last_seq as places, r.called, coalesce(r.rate, 0) as rate, r.came_share as share,
            (select count(*) from room.pass a where a.drop_id = r.drop_id and a.state in ('pending', 'live')
                and a.expires_at > now()) as passes,
            (select count(*) from room.place p where p.drop_id = r.drop_id and p.offered_until > now()
                and p.done_at is null and p.left_at is null) as offers
       from room.room r where r.closed_at is null order by r.drop_id`,
  );
}

export function measureRooms(metrics: Metrics, { lines }: { lines(): Promise<LineFigures[]> }): Measure {
  let read: readonly LineFigures[] = [];
  // Operators name the drops, and few are live at once, so the series are bounded.
  const shown = (name: string, says: string, value: (line: LineFigures) => number) =>
    metrics.gauges(name, says, ["drop"], () => read.map((line) => [{ drop: line.drop }, value(line)] as const));
  shown("dropgate_room_places", "Places that a line has given, those that were left too.", ({ places }) => places);
  shown("dropgate_room_called", "The greatest place number that a line has called.", ({ called }) => called);
  shown("dropgate_room_passes", "Passes of a line that keep a unit.", ({ passes }) => passes);
  shown("dropgate_room_offers", "Offers of a line that keep a unit.", ({ offers }) => offers);
  shown("dropgate_room_rate", "People a second whom a line lets come.", ({ rate }) => rate);
  shown("dropgate_room_came_share", "The share of the called people who come, of late.", ({ share }) => share);
  return {
    name: "rooms",
    async read() {
      read = await lines();
    },
  };
}
