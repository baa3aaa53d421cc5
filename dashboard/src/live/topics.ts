/** The topics of `/ws/live` and what stands under their keys. */
import type { Conditions, EquityNow, Event, Fill, Order, Position, Quote, Rules, Runner, Schemas, Spark, Status, Trade, Upcoming } from '../api/types';

export type Topics = {
  status: Status;
  prices: Quote;
  positions: Omit<Position, 'age_s'>;
  orders: Order;
  runners: Runner;
  fills: Fill;
  trades: Trade;
  events: Event;
  feeds: Omit<Schemas['FeedHealth'], 'age_s'>;
  actors: Omit<Schemas['ActorHealth'], 'beat_age_s' | 'beat_ms'>;
  equity: EquityNow;
  next: Upcoming;
  conditions: Conditions;
  rules: Rules;
  sparks: Spark;
  ranking: Schemas['Arena'];
  selector: Schemas['Selection'];
  jobs: Schemas['JobView'];
  risk: Schemas['RiskReport'];
};

export type TopicName = keyof Topics;
