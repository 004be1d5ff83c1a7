//! Rows from blocks: ours beside each peer, or the peer alone where ours did
//! not take part. Decides, does nothing.

use crate::blocks::Blocks;
use crate::contender::Contender;
use crate::row::{Goal, Question, Row};
use crate::statistics::{
    median, percentile, ratio_of_blocks, ratio_of_percentiles,
};

/// What a figure is called.
#[derive(Clone, Copy)]
pub(super) struct Figure<'a> {
    pub(super) metric: &'a str,
    pub(super) unit: &'static str,
}

impl Figure<'_> {
    fn against(&self, peer: Contender, goal: Option<Goal>) -> Question {
        Question {
            metric: self.metric.to_owned(),
            unit: self.unit,
            peer_name: peer.name(),
            goal,
        }
    }

    /// One row per peer, of one value per block.
    pub(super) fn of_blocks(
        &self,
        blocks: &Blocks<f64>,
        peers: &[(Contender, Option<Goal>)],
    ) -> Vec<Row> {
        let row = |peer: Contender, goal| {
            let theirs = blocks.get(&peer)?;
            let question = self.against(peer, goal);
            let value = median(theirs);
            Some(match blocks.get(&Contender::Tartan) {
                None => question.without_ours(value),
                Some(ours) => question.answered(
                    median(ours),
                    value,
                    ratio_of_blocks(ours, theirs),
                ),
            })
        };
        peers.iter().filter_map(|(peer, goal)| row(*peer, *goal)).collect()
    }

    /// Ours beside a limit that is no peer's figure.
    pub(super) fn within(&self, limit: f64, blocks: &Blocks<f64>) -> Vec<Row> {
        let ours = blocks.get(&Contender::Tartan);
        let row = ours.map(|ours| {
            let limits = vec![limit; ours.len()];
            let question = Question {
                metric: self.metric.to_owned(),
                unit: self.unit,
                peer_name: "limit",
                goal: Some(Goal::AtMost(1.0)),
            };
            let by = ratio_of_blocks(ours, &limits);
            question.answered(median(ours), limit, by)
        });
        row.into_iter().collect()
    }

    /// One row per peer, of a percentile over all samples.
    pub(super) fn of_percentiles(
        &self,
        share: f64,
        blocks: &Blocks<Vec<f64>>,
        peers: &[(Contender, Option<Goal>)],
    ) -> Vec<Row> {
        let row = |peer: Contender, goal| {
            let theirs = blocks.get(&peer)?;
            let question = self.against(peer, goal);
            let value = percentile(&theirs.concat(), share);
            Some(match blocks.get(&Contender::Tartan) {
                None => question.without_ours(value),
                Some(ours) => question.answered(
                    percentile(&ours.concat(), share),
                    value,
                    ratio_of_percentiles(ours, theirs, share),
                ),
            })
        };
        peers.iter().filter_map(|(peer, goal)| row(*peer, *goal)).collect()
    }
}

/// Another view of each block.
pub(super) fn view<T, U>(blocks: &Blocks<T>, of: fn(&T) -> U) -> Blocks<U> {
    let each = |(who, list): (&Contender, &Vec<T>)| {
        (*who, list.iter().map(of).collect())
    };
    blocks.iter().map(each).collect()
}
