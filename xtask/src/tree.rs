//! Reads the repository: every file that people wrote. Acts, decides nothing
//! but what is not theirs: `target/`, `.git/` and other hidden folders.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A file of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    /// Path from the root, with `/`.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) text: String,
}

/// The root of the repository: where this crate's folder is.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Every text file under `root`, in the order of their paths.
pub(crate) fn read(root: &Path) -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    walk(root, "", &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(root: &Path, under: &str, to: &mut Vec<File>) -> anyhow::Result<()> {
    let folder = root.join(under);
    let entries = std::fs::read_dir(&folder)
        .with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = if under.is_empty() {
            name.clone()
        } else {
            format!("{under}/{name}")
        };
        let kind = entry.file_type()?;
        if kind.is_dir() && !name.starts_with('.') && path != "target" {
            walk(root, &path, to)?;
        } else if kind.is_file() {
            to.extend(text_file(root, path)?);
        }
    }
    Ok(())
}

/// The file, or none where it is not text or was taken away meanwhile.
fn text_file(root: &Path, path: String) -> anyhow::Result<Option<File>> {
    match std::fs::read(root.join(&path)) {
        Ok(bytes) => {
            Ok(String::from_utf8(bytes).ok().map(|text| File { path, text }))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {path}")),
    }
}
