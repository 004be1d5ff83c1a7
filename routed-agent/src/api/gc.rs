//! Collection of what nobody has any more: the agent's own sweep, now. Acts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use tartan_agent_api::people::gc::{Collect, GcReport, Mode};

use super::Answer;
use super::refusal::{Question, attempt};
use crate::endpoints::{self, Report, Step};
use crate::host::Host;
use crate::sweep;

/// Sweeps once.
pub(super) async fn collect(
    State(host): State<Arc<Host>>,
    Question(Collect { mode }): Question<Collect>,
) -> Answer<GcReport> {
    let asked = attempt("collect on host", &host.name);
    let mode = match mode {
        Mode::Apply => endpoints::Mode::Apply,
        Mode::DryRun => endpoints::Mode::DryRun,
    };
    let sweeping =
        tokio::task::spawn_blocking(move || sweep::sweep(&host, mode));
    let swept = sweeping.await.map_err(|error| asked.broken(&error))?;
    let report = swept.map_err(|error| asked.broken(&error))?;
    Ok(Json(view(&report, mode)))
}

fn view(report: &Report, mode: endpoints::Mode) -> GcReport {
    let steps = report.done.iter().map(|step| line(step, mode));
    let failed = report.failed.iter().map(|(step, why)| {
        format!("{}: {why}", line(step, endpoints::Mode::DryRun))
    });
    GcReport { steps: steps.collect(), failed: failed.collect() }
}

/// A step in words: what was done, or what is to be done.
fn line(step: &Step, mode: endpoints::Mode) -> String {
    let (past, present, object) = match step {
        Step::Declassify(index) => {
            ("removed", "remove", format!("map entry of lost link {index}"))
        }
        Step::Undo(attachment, _) => {
            ("undid", "undo", format!("the cut-off ADD of {attachment}"))
        }
        Step::Classify { index, entry } => {
            let class = entry.class;
            ("wrote", "write", format!("class {class} of link {index}"))
        }
        Step::Rewire(attachment, _) => {
            ("wired anew", "wire anew", attachment.to_string())
        }
        Step::Adopt(generation, _) => (
            "adopted",
            "adopt",
            format!("link {}", generation.host_link_name()),
        ),
        Step::Retire { generation, .. } => (
            "retired",
            "retire",
            format!("link {} of nobody", generation.host_link_name()),
        ),
        Step::Forget(attachment, _) => (
            "detached",
            "detach",
            format!("{attachment}, whose container is gone"),
        ),
    };
    match mode {
        endpoints::Mode::Apply => format!("{past} {object}"),
        endpoints::Mode::DryRun => format!("{present} {object}"),
    }
}
