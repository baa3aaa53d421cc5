/** The rest of a verdict, as `optimization.results` stores it; older runs lack some of it. */
type Estimate = { value: number; defined: boolean };
type Bars = { edges: number[]; counts: number[] };

export type Rest = {
  job: {
    choice: { objective: string; min_trades: number; plateau: boolean }; seed: number;
    rule: { in_sample_days: number; out_of_sample_days: number; step_days: number; anchored: boolean };
    costs: { maker_fee: number; taker_fee: number; slippage: number; leverage: number };
  };
  data_digest: string; latest: [number, number]; purge_ms: number;
  verdict: {
    bootstrap: {
      p_value: number; sharpe: [number, number]; net_return: [number, number]; worst_drawdown: number; block_days: number; resamples: number; underpowered: boolean; defined: boolean;
      histogram?: Bars; drawdowns?: Bars; fan?: { days: number[]; bands: Record<string, number[]> };
    };
    overfitting: { probability: number; slope: number; blocks: number; combinations: number; defined: boolean; histogram: Bars };
    tail: {
      worst_day: Estimate; expected_shortfall: Estimate; loss_to_win: Estimate; under_water_days: number; crash_return: Estimate;
      gaps: { size: number; loss: number; net_return: number }[];
    };
    regimes: { name: string; days: number; change: number; net_return: number; trades: number; wins: number }[];
    instability: Estimate;
  };
};
