//! Collection of what nobody has any more: the agent's own sweep, now. Acts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use tartan_agent_api::people::gc::{Collect, GcReport, Mode};

use super::Answer;
use super::refusal::{Question, attempt};
use crate::endpoints::{self, Step};
use crate::host::Host;
use crate::sweep::{self, Swept};

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
    if mode == endpoints::Mode::Apply {
        host.drift.look_at_all();
    }
    let sweeping =
        tokio::task::spawn_blocking(move || sweep::sweep(&host, mode));
    let swept = sweeping.await.map_err(|error| asked.broken(&error))?;
    let swept = swept.map_err(|error| asked.broken(&error))?;
    Ok(Json(view(&swept, mode)))
}

fn view(swept: &Swept, mode: endpoints::Mode) -> GcReport {
    let Swept { endpoints, translation } = swept;
    let steps = endpoints.done.iter().map(|step| line(step, mode));
    let translated =
        translation.done.iter().map(|step| said(step.words(), mode));
    let dry = endpoints::Mode::DryRun;
    let failed = endpoints.failed.iter();
    let failed =
        failed.map(|(step, why)| format!("{}: {why}", line(step, dry)));
    let not_translated = translation.failed.iter();
    let not_translated =
        not_translated.map(|(step, why)| format!("{step}: {why}"));
    GcReport {
        steps: steps.chain(translated).collect(),
        failed: failed.chain(not_translated).collect(),
    }
}

/// A step in words: what was done, or what is to be done.
fn line(step: &Step, mode: endpoints::Mode) -> String {
    let words = match step {
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
        Step::Attach(attachment, _) => (
            "attached the programs of",
            "attach the programs of",
            attachment.to_string(),
        ),
        Step::Unpin(generation) => (
            "unpinned",
            "unpin",
            format!(
                "programs of {}, which is gone",
                generation.host_link_name()
            ),
        ),
        Step::Limiter => ("mended", "mend", "the limiter".to_owned()),
        Step::Limit(attachment, _, _) => {
            ("limited", "limit", attachment.to_string())
        }
        Step::DropClass(number) => {
            ("deleted", "delete", format!("class {number} of nobody"))
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
    said(words, mode)
}

fn said(
    (past, present, object): (&str, &str, String),
    mode: endpoints::Mode,
) -> String {
    match mode {
        endpoints::Mode::Apply => format!("{past} {object}"),
        endpoints::Mode::DryRun => format!("{present} {object}"),
    }
}
