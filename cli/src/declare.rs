//! `tartan export` and `tartan apply`: all that was declared, out as YAML
//! documents, and in again. Acts; what a document may say is decided in
//! `document`.

mod document;

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use tartan_agent_api::people::declared::{
    Declare, DeclareReport, DeclareVerdict, Document,
};
use tartan_agent_api::people::gc::Mode;
use tartan_agent_api::people::path;

pub(crate) use document::DocumentError;

use crate::fault::Fault;
use crate::output::{self, Format, Shown, Width};
use crate::session::Session;

/// Longest file of documents.
const MOST_BYTES: u64 = 16 << 20;

/// Write settings, pools, teams, apps and reservations as YAML documents, in
/// an order that changes only with what they say. `tartan apply` reads them.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Export {
    /// Hosts and blocks as well, with who has which address
    #[arg(long)]
    claims: bool,
}

/// Make what YAML documents say true. They are checked as a whole: where one
/// contradicts what there is, or another, nothing is done. Then they are done
/// one by one; asked again after a failure, it goes on. Twice is once.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Kinds: Settings, Pool, Team, App, Reservation; Host and Block are only compared.
Exit status: 0 done, 1 refused, 2 wrong usage.")]
pub(crate) struct Apply {
    /// The documents; - for standard input
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Only show the difference
    #[arg(long)]
    dry_run: bool,
}

/// Writes what was declared.
pub(crate) fn export(session: &Session, export: Export) -> Result<(), Fault> {
    let place = match export.claims {
        true => path::DECLARED_CLAIMS,
        false => path::DECLARED,
    };
    let documents: Vec<Document> = session.get(place)?;
    if session.format() == Format::Json {
        return output::data(&documents, Format::Json);
    }
    let mut text = String::new();
    for document in &documents {
        text.push_str("---\n");
        let written = document::write(document).map_err(Fault::Json)?;
        let one = serde_yaml_ng::to_string(&written).map_err(Fault::Yaml)?;
        text.push_str(&one);
    }
    output::write(&text)
}

/// Makes documents true.
pub(crate) fn apply(session: &Session, apply: &Apply) -> Result<(), Fault> {
    let text = read(&apply.file)?;
    let documents = document::read(&text).map_err(|source| {
        let path = apply.file.clone();
        Fault::Documents { path, source: Box::new(source) }
    })?;
    let mode = if apply.dry_run { Mode::DryRun } else { Mode::Apply };
    let wish = Declare { documents, mode };
    let report: DeclareReport = session.post(path::DECLARED, &wish)?;
    session.print(&report)?;
    let refused = |verdict| verdict == DeclareVerdict::Refused;
    match report.lines.iter().filter(|it| refused(it.verdict)).count() {
        0 => Ok(()),
        refused => Err(Fault::Contradictions(refused)),
    }
}

fn read(path: &Path) -> Result<String, Fault> {
    let failed = |source| {
        let path = path.to_owned();
        Fault::Read { path, source }
    };
    let mut text = String::new();
    let read = if path == Path::new("-") {
        io::stdin().take(MOST_BYTES + 1).read_to_string(&mut text)
    } else {
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(MOST_BYTES + 1).read_to_string(&mut text)
    };
    let length = read.map_err(failed)?;
    if length as u64 > MOST_BYTES {
        return Err(failed(io::ErrorKind::FileTooLarge.into()));
    }
    Ok(text)
}

impl Shown for DeclareReport {
    fn text(&self, width: Width) -> String {
        let is_shown =
            |verdict| width == Width::Wide || verdict != DeclareVerdict::Same;
        let mut text = String::new();
        for line in self.lines.iter().filter(|it| is_shown(it.verdict)) {
            let verdict = line.verdict.as_str();
            let why = line.why.join("; ");
            let why = if why.is_empty() { why } else { format!(": {why}") };
            text += &format!("{verdict} {} {}{why}\n", line.kind, line.name);
        }
        text
    }

    fn nothing(&self) -> &'static str {
        "Everything is so already."
    }
}
