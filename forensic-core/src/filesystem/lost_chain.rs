//! Where a deleted file lay whose chain is gone (FAT, exFAT): guessed from its first cluster, its size, and who has the
//! clusters after it.
//!
//! Files are taken in the order in which they were made, each from its first cluster on through the clusters that were
//! free then, as a driver allocates: what belongs to an earlier file, live or deleted, is passed over; what belongs to a
//! later one was overwritten and is lost.

use super::{
    Time,
    clusters::{ClusterRun, Clusters},
};
use std::collections::{BTreeMap, HashMap};

/// A deleted file that had clusters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim {
    /// What the reader knows it by: unique, and among files made at the same time in the order of making, if it can be.
    pub(crate) id: u64,
    /// The first cluster, and how many there were.
    pub(crate) first: u32,
    pub(crate) count: u32,
    pub(crate) made: Option<Time>,
    /// When its content was last written.
    pub(crate) written: Option<Time>,
}

/// Clusters of a live entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holding {
    pub(crate) run: ClusterRun,
    /// What the reader knows the entry by; not an id of a [`Claim`].
    pub(crate) id: u64,
    pub(crate) made: Option<Time>,
}

/// Who has which clusters now.
pub(crate) struct Occupancy {
    /// Those that nobody has, in order.
    pub(crate) free: Vec<ClusterRun>,
    /// Those of live entries, in order. What is neither free nor here is in use by nobody knows whom.
    pub(crate) held: Vec<Holding>,
    /// The number after the last cluster's.
    pub(crate) end: u32,
}

/// Where a deleted file is guessed to have lain.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guess {
    pub(crate) clusters: Clusters,
    /// Clusters that later entries took, and the first of these entries.
    pub(crate) taken: u32,
    pub(crate) taken_by: Option<u64>,
    /// True where the first cluster is among them.
    pub(crate) first_taken: bool,
    /// True where clusters in use were passed over.
    pub(crate) passed: bool,
    /// The live entry with which it was written in turns.
    pub(crate) turns_with: Option<u64>,
}

/// Steps after which a guess ends: a file in more pieces would not be guessed right.
const MOST_STEPS: u32 = 512;
/// Steps of all guesses together.
const MOST_STEPS_IN_ALL: u32 = 16 << 20;

/// Guesses for all claims, by their ids.
pub(crate) fn guess(occupancy: &Occupancy, mut claims: Vec<Claim>) -> HashMap<u64, Guess> {
    claims.sort_unstable_by_key(|claim| (claim.first, claim.made, claim.id));
    let mut last_holding: HashMap<u64, u32> = HashMap::new();
    for holding in &occupancy.held {
        last_holding.insert(holding.id, holding.run.first);
    }
    let by_cluster = claims.clone();
    let mut planner =
        Planner { occupancy, by_cluster, last_holding, assigned: BTreeMap::new(), steps: MOST_STEPS_IN_ALL };
    claims.sort_by_key(|claim| (claim.made, claim.id));
    claims.iter().map(|claim| (claim.id, planner.plan(claim))).collect()
}

struct Planner<'o> {
    occupancy: &'o Occupancy,
    /// In order of first cluster, then of making.
    by_cluster: Vec<Claim>,
    /// Where the last run of each live entry begins.
    last_holding: HashMap<u64, u32>,
    /// Runs given to earlier claims, by first cluster.
    assigned: BTreeMap<u32, u32>,
    steps: u32,
}

/// What happens to the clusters that come next.
enum Step {
    /// Of no concern: somebody had them before.
    Pass(u32),
    /// They were the file's, and `to` has them now.
    Lose { to: u64, count: u32 },
    /// They are given to the file.
    Take(u32),
}

impl Planner<'_> {
    fn plan(&mut self, claim: &Claim) -> Guess {
        let mut guess = self.walk(claim, None);
        if guess.passed
            && !self.is_flush(&guess)
            && let Some(partner) = self.partner(claim)
        {
            let in_turns = self.walk(claim, Some(partner));
            let is_whole = in_turns.clusters.count() == claim.count && in_turns.taken == 0;
            if is_whole && self.is_flush(&in_turns) {
                guess = in_turns;
            }
        }
        self.assigned.extend(guess.clusters.runs().map(|run| (run.first, run.count)));
        guess
    }

    /// Goes from the first cluster on; where `partner` is given, free clusters count only behind its runs, as long as it has
    /// some.
    fn walk(&mut self, claim: &Claim, partner: Option<u64>) -> Guess {
        let mut guess = Guess { turns_with: partner, ..Guess::default() };
        let (mut cluster, mut left) = (claim.first, claim.count);
        for _ in 0..MOST_STEPS.min(self.steps) {
            if left == 0 || cluster >= self.occupancy.end {
                break;
            }
            self.steps = self.steps.saturating_sub(1);
            let count = match self.step(claim, cluster, left, partner) {
                Step::Pass(count) => {
                    guess.passed = true;
                    count
                }
                Step::Lose { to, count } => {
                    guess.lose(to, count, cluster == claim.first);
                    left = left.saturating_sub(count);
                    count
                }
                Step::Take(count) => {
                    guess.clusters.push_run(ClusterRun { first: cluster, count });
                    left = left.saturating_sub(count);
                    count
                }
            };
            cluster = cluster.saturating_add(count.max(1));
        }
        guess
    }

    fn step(&self, claim: &Claim, cluster: u32, left: u32, partner: Option<u64>) -> Step {
        let is_first = cluster == claim.first;
        if let Some(holding) = self.holding(cluster) {
            let count = holding.run.end().saturating_sub(cluster);
            let is_later = holding.made > claim.made && !claim.was_written_after(holding.made);
            return if is_first || is_later {
                Step::Lose { to: holding.id, count: count.min(left) }
            } else {
                Step::Pass(count)
            };
        }
        if let Some(later) = self.later_at(cluster, claim) {
            return Step::Lose { to: later.id, count: later.count.min(left) };
        }
        // An earlier guess does not keep a file from the cluster its own entry names.
        let earlier = self.assigned.range(..=cluster).next_back().filter(|_| !is_first);
        if let Some(end) = earlier.map(|(first, count)| first.saturating_add(*count)).filter(|end| *end > cluster) {
            return Step::Pass(end.saturating_sub(cluster));
        }
        let Some(free) = ClusterRun::holding(&self.occupancy.free, cluster) else {
            return Step::Pass(self.next_known(cluster).saturating_sub(cluster));
        };
        let end = free.end().min(self.next_claimed(cluster)).max(cluster.saturating_add(1));
        let count = end.saturating_sub(cluster);
        if !is_first && partner.is_some_and(|partner| !self.is_turn_after(partner, cluster)) {
            return Step::Pass(count);
        }
        Step::Take(count.min(left))
    }

    fn holding(&self, cluster: u32) -> Option<&Holding> {
        let held = &self.occupancy.held;
        let after = held.partition_point(|holding| holding.run.first <= cluster);
        held.get(after.checked_sub(1)?).filter(|holding| holding.run.clusters().contains(&cluster))
    }

    /// The last made of the claims on this first cluster, if it was made after `claim`.
    fn later_at(&self, cluster: u32, claim: &Claim) -> Option<&Claim> {
        let after = self.by_cluster.partition_point(|other| other.first <= cluster);
        let latest = self.by_cluster.get(after.checked_sub(1)?).filter(|other| other.first == cluster)?;
        (latest.made > claim.made && !claim.was_written_after(latest.made)).then_some(latest)
    }

    /// The next cluster after this one that is the first of a claim or was given to one.
    fn next_claimed(&self, cluster: u32) -> u32 {
        let next = self.by_cluster.get(self.by_cluster.partition_point(|claim| claim.first <= cluster));
        let assigned = self.assigned.range(cluster.saturating_add(1)..).next().map(|(first, _)| *first);
        next.map(|claim| claim.first).into_iter().chain(assigned).min().unwrap_or(u32::MAX)
    }

    /// The next cluster after this one that is free or held.
    fn next_known(&self, cluster: u32) -> u32 {
        let Occupancy { free, held, end } = self.occupancy;
        let next_free = free.get(free.partition_point(|run| run.first <= cluster)).map(|run| run.first);
        let next_held =
            held.get(held.partition_point(|holding| holding.run.first <= cluster)).map(|holding| holding.run.first);
        next_free.into_iter().chain(next_held).min().unwrap_or(*end)
    }

    /// True where the guess ends where something else begins: the end of a file that was in the way of others. One that
    /// ends within free clusters more likely took some that were another's.
    fn is_flush(&self, guess: &Guess) -> bool {
        let Some(last) = guess.clusters.runs().next_back() else { return false };
        let is_free = ClusterRun::holding(&self.occupancy.free, last.end()).is_some();
        !is_free || self.next_claimed(last.end().saturating_sub(1)) == last.end()
    }

    /// The live entry right before the first cluster, if it goes on behind it: the two may have been written in turns.
    fn partner(&self, claim: &Claim) -> Option<u64> {
        let before = self.holding(claim.first.checked_sub(1)?)?;
        self.last_holding.get(&before.id).is_some_and(|last| *last > claim.first).then_some(before.id)
    }

    /// True where the clusters before this one are `partner`'s, or it has none behind it.
    fn is_turn_after(&self, partner: u64, cluster: u32) -> bool {
        let is_done = self.last_holding.get(&partner).is_none_or(|last| *last < cluster);
        is_done || self.holding(cluster.saturating_sub(1)).is_some_and(|before| before.id == partner)
    }
}

impl Claim {
    /// True where the file was still written to when another had been made: so it was not gone by then.
    fn was_written_after(&self, made: Option<Time>) -> bool {
        self.written.is_some() && made.is_some() && self.written >= made
    }
}

impl Guess {
    /// Notes that `count` clusters belong to a later entry.
    fn lose(&mut self, to: u64, count: u32, is_first: bool) {
        self.clusters.push_lost(count);
        self.taken = self.taken.saturating_add(count);
        self.taken_by.get_or_insert(to);
        self.first_taken |= is_first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(first: u32, count: u32) -> ClusterRun {
        ClusterRun { first, count }
    }

    fn at(seconds: i64) -> Option<Time> {
        Some(Time { seconds, nanoseconds: 0, utc: false })
    }

    fn claim(id: u64, first: u32, count: u32, made: i64) -> Claim {
        Claim { id, first, count, made: at(made), written: None }
    }

    /// Live runs by owner; the rest up to cluster 100 is free.
    fn occupancy(held: &[(u32, u32, u64, i64)]) -> Occupancy {
        let held: Vec<Holding> = held
            .iter()
            .map(|&(first, count, id, made)| Holding { run: run(first, count), id, made: at(made) })
            .collect();
        let mut free = Vec::new();
        for cluster in (2..100).filter(|c| !held.iter().any(|holding| holding.run.clusters().contains(c))) {
            ClusterRun::append(&mut free, cluster);
        }
        Occupancy { free, held, end: 100 }
    }

    fn runs(guesses: &HashMap<u64, Guess>, id: u64) -> Vec<ClusterRun> {
        guesses[&id].clusters.runs().collect()
    }

    #[test]
    fn clusters_of_earlier_files_are_passed_over() {
        let guesses = guess(&occupancy(&[(12, 3, 900, 1)]), vec![claim(1, 10, 5, 5), claim(2, 17, 1, 2)]);
        assert_eq!(runs(&guesses, 1), [run(10, 2), run(15, 2), run(18, 1)]);
        assert!(guesses[&1].passed && guesses[&1].taken == 0);
    }

    #[test]
    fn clusters_of_later_files_are_lost() {
        let guesses = guess(&occupancy(&[(12, 3, 900, 9)]), vec![claim(1, 10, 6, 5)]);
        assert_eq!(runs(&guesses, 1), [run(10, 2), run(15, 1)]);
        assert_eq!((guesses[&1].taken, guesses[&1].taken_by), (3, Some(900)));
    }

    #[test]
    fn a_file_still_written_when_the_other_was_made_was_not_gone_by_then() {
        let growing = Claim { written: at(10), ..claim(1, 10, 5, 5) };
        let guesses = guess(&occupancy(&[(12, 3, 900, 9)]), vec![growing]);
        assert_eq!(runs(&guesses, 1), [run(10, 2), run(15, 3)]);
        assert_eq!(guesses[&1].taken, 0);
    }

    #[test]
    fn files_written_in_turns_with_a_live_one_are_told_from_another_lost_one() {
        // Turns of A (live), the lost file, B (live), and one whose entry is gone.
        let live =
            [(10, 2, 900, 1), (15, 2, 901, 1), (21, 1, 900, 1), (24, 1, 901, 1), (26, 2, 900, 1), (29, 4, 901, 1)];
        let guesses = guess(&occupancy(&live), vec![claim(1, 12, 6, 2)]);
        assert_eq!(runs(&guesses, 1), [run(12, 3), run(22, 2), run(28, 1)]);
        assert_eq!(guesses[&1].turns_with, Some(900));
    }

    #[test]
    fn many_claims_on_one_cluster_take_no_longer_than_few() {
        let claims = (0..20_000).map(|id| claim(id, 2, u32::MAX, id as i64)).collect();
        assert_eq!(guess(&occupancy(&[]), claims).len(), 20_000);
    }
}
