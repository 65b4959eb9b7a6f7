//! Samples, medians over rounds, goals, and the table.

use std::{
    fmt::{self, Display},
    time::Duration,
};

use serde::Serialize;

/// Times of single operations, in milliseconds.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    pub fn push(&mut self, took: Duration) {
        self.0.push(took.as_secs_f64() * 1e3);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub fn point(mut self) -> Point {
        self.0.sort_unstable_by(f64::total_cmp);
        Point { value: quantile(&self.0, 0.5), p99: Some(quantile(&self.0, 0.99)), n: self.0.len() }
    }
}

/// What one round came to.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// The median of times, or the one number there is.
    pub value: f64,
    pub p99: Option<f64>,
    pub n: usize,
}

impl Point {
    pub fn single(value: f64, n: usize) -> Self {
        Self { value, p99: None, n }
    }

    /// Operations a second.
    pub fn rate(n: usize, took: Duration) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
        Self::single(n as f64 / took.as_secs_f64(), n)
    }
}

/// By the nearest rank; `sorted` ascending.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index, between the first and the last"
    )]
    let index = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    // Of an even number of rounds none may be favoured.
    if values.len().is_multiple_of(2) && middle > 0 {
        f64::midpoint(values[middle - 1], values[middle])
    } else {
        quantile(&values, 0.5)
    }
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Milliseconds,
    PerSecond,
    KibiBytes,
    Count,
    PercentOfACore,
    Microseconds,
    Times,
    Percent,
}

/// What a figure should be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    AtMost(f64),
    RatioAtMost(f64),
    RatioAtLeast(f64),
}

/// One line of the table.
#[derive(Debug, Serialize)]
struct Figure {
    what: String,
    unit: Unit,
    value: f64,
    p99: Option<f64>,
    n: usize,
    floor: Option<f64>,
    ratio: Option<f64>,
    /// The lowest ratio of a round, and the highest.
    spread: Option<[f64; 2]>,
    goal: Option<Goal>,
    met: Option<bool>,
}

/// Rounds of one measurement, each perhaps with the floor of the same round.
#[derive(Debug, Clone, Default)]
pub struct Track {
    ours: Vec<Point>,
    floor: Vec<f64>,
}

impl Track {
    pub fn push(&mut self, ours: Point) {
        self.ours.push(ours);
    }

    pub fn push_beside(&mut self, ours: Point, floor: Point) {
        self.ours.push(ours);
        self.floor.push(floor.value);
    }

    /// The rounds' values over their floors: speed drifts between rounds, hence their median and not the
    /// quotient of medians.
    fn ratios(&self) -> Vec<f64> {
        self.ours.iter().zip(&self.floor).map(|(ours, floor)| ours.value / floor).collect()
    }

    fn figure(&self, what: &str, unit: Unit, goal: Option<Goal>) -> Figure {
        let value = median(self.ours.iter().map(|it| it.value).collect());
        let tails: Vec<f64> = self.ours.iter().filter_map(|it| it.p99).collect();
        let ratios = self.ratios();
        let spread = (ratios.len() > 1).then(|| {
            let among = |pick: fn(f64, f64) -> f64| ratios.iter().copied().reduce(pick).unwrap_or(f64::NAN);
            [among(f64::min), among(f64::max)]
        });
        let ratio = (!ratios.is_empty()).then(|| median(ratios));
        let met = goal.map(|goal| match goal {
            Goal::AtMost(most) => value <= most,
            Goal::RatioAtMost(most) => ratio.is_some_and(|ratio| ratio <= most),
            Goal::RatioAtLeast(least) => ratio.is_some_and(|ratio| ratio >= least),
        });
        Figure {
            what: what.to_owned(),
            unit,
            value,
            p99: (!tails.is_empty()).then(|| median(tails)),
            n: self.ours.iter().map(|it| it.n).sum(),
            floor: (!self.floor.is_empty()).then(|| median(self.floor.clone())),
            ratio,
            spread,
            goal,
            met,
        }
    }
}

/// All that was measured in a run.
#[derive(Debug, Serialize)]
pub struct Report {
    cores: usize,
    load_before: Option<String>,
    figures: Vec<Figure>,
    not_run: Vec<String>,
}

impl Report {
    pub fn begin() -> Self {
        let load = std::fs::read_to_string("/proc/loadavg").ok();
        Self {
            cores: std::thread::available_parallelism().map_or(0, Into::into),
            load_before: load.map(|it| it.split(' ').take(3).collect::<Vec<_>>().join(" ")),
            figures: Vec::new(),
            not_run: Vec::new(),
        }
    }

    /// A figure; a track without a round is none.
    pub fn add(&mut self, what: &str, unit: Unit, track: &Track, goal: Option<Goal>) {
        if track.ours.is_empty() {
            return;
        }
        let figure = track.figure(what, unit, goal);
        eprintln!("  {}", figure.line());
        self.figures.push(figure);
    }

    /// How far the slowest percent lies from the middle.
    pub fn add_tail(&mut self, what: &str, track: &Track, most: f64) {
        let tails = track.ours.iter().filter_map(|it| Some(Point::single(it.p99? / it.value, it.n)));
        let tails = Track { ours: tails.collect(), floor: Vec::new() };
        self.add(&format!("{what}: p99 over p50"), Unit::Times, &tails, Some(Goal::AtMost(most)));
    }

    pub fn not_run(&mut self, what: &str, why: &str) {
        eprintln!("  {what}: not run: {why}");
        self.not_run.push(format!("{what}: not run: {why}"));
    }

    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let load = self.load_before.as_deref().unwrap_or("unknown");
        writeln!(f, "\n{} cores, load before the run: {load}\n", self.cores)?;
        writeln!(f, "| figure | value | p99 | n | floor | ratio (of rounds) | goal | |")?;
        writeln!(f, "| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |")?;
        for figure in &self.figures {
            writeln!(f, "{}", figure.line())?;
        }
        for line in &self.not_run {
            writeln!(f, "\n{line}")?;
        }
        Ok(())
    }
}

impl Figure {
    fn line(&self) -> String {
        let unit = |value: Option<f64>| value.map_or_else(String::new, |it| self.unit.of(it));
        let goal = self.goal.map_or_else(String::new, |goal| match goal {
            Goal::AtMost(most) => format!("≤ {}", self.unit.of(most)),
            Goal::RatioAtMost(most) => format!("≤ {most} × floor"),
            Goal::RatioAtLeast(least) => format!("≥ {least} × floor"),
        });
        let met = self.met.map_or("", |met| if met { "met" } else { "**missed**" });
        let ratio = self.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        let spread = self.spread.map_or_else(String::new, |[low, high]| format!(" ({low:.2}–{high:.2})"));
        let [value, p99, floor] = [Some(self.value), self.p99, self.floor].map(unit);
        format!(
            "| {} | {value} | {p99} | {} | {floor} | {ratio}{spread} | {goal} | {met} |",
            self.what, self.n
        )
    }
}

impl Unit {
    fn of(self, value: f64) -> String {
        match self {
            Self::Milliseconds => format!("{value:.2} ms"),
            Self::PerSecond => format!("{value:.0}/s"),
            Self::KibiBytes => format!("{value:.1} KiB"),
            Self::PercentOfACore | Self::Percent => format!("{value:.2} %"),
            Self::Microseconds => format!("{value:.0} µs"),
            Self::Times => format!("{value:.2}"),
            Self::Count => format!("{value:.0}"),
        }
    }
}
