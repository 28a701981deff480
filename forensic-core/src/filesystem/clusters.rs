//! Clusters of a file in order: of a chain, or guessed.

/// Consecutive clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClusterRun {
    pub(crate) first: u32,
    pub(crate) count: u32,
}

impl ClusterRun {
    /// Adds a cluster to `runs`, to the last one where it continues it.
    pub(crate) fn append(runs: &mut Vec<Self>, cluster: u32) {
        match runs.last_mut() {
            Some(last) if last.end() == cluster => last.count = last.count.saturating_add(1),
            _ => runs.push(Self { first: cluster, count: 1 }),
        }
    }

    /// The run of `runs`, which are in order and do not overlap, that holds a cluster.
    pub(crate) fn holding(runs: &[Self], cluster: u32) -> Option<Self> {
        let after = runs.partition_point(|run| run.first <= cluster);
        runs.get(after.checked_sub(1)?).copied().filter(|run| run.clusters().contains(&cluster))
    }

    /// The cluster after the last one.
    pub(crate) fn end(self) -> u32 {
        self.first.saturating_add(self.count)
    }

    pub(crate) fn clusters(self) -> std::ops::Range<u32> {
        self.first..self.end()
    }
}

/// Clusters of a file in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Clusters {
    pub(crate) pieces: Vec<Piece>,
}

/// Part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// These clusters.
    Run(ClusterRun),
    /// As many clusters that belong to others now, or are not known.
    Lost(u32),
}

impl Clusters {
    pub(crate) fn push_run(&mut self, next: ClusterRun) {
        match self.pieces.last_mut() {
            Some(Piece::Run(run)) if run.end() == next.first => run.count = run.count.saturating_add(next.count),
            _ => self.pieces.push(Piece::Run(next)),
        }
    }

    pub(crate) fn push_lost(&mut self, count: u32) {
        match self.pieces.last_mut() {
            Some(Piece::Lost(lost)) => *lost = lost.saturating_add(count),
            _ => self.pieces.push(Piece::Lost(count)),
        }
    }

    /// The runs that are there.
    pub(crate) fn runs(&self) -> impl DoubleEndedIterator<Item = ClusterRun> + '_ {
        self.pieces.iter().filter_map(|piece| if let Piece::Run(run) = piece { Some(*run) } else { None })
    }

    /// Clusters that are there.
    pub(crate) fn count(&self) -> u32 {
        self.runs().map(|run| run.count).fold(0, u32::saturating_add)
    }
}

impl FromIterator<ClusterRun> for Clusters {
    fn from_iter<I: IntoIterator<Item = ClusterRun>>(runs: I) -> Self {
        Self { pieces: runs.into_iter().map(Piece::Run).collect() }
    }
}
