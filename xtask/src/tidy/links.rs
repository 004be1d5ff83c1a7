//! Links from a page of the repository to another lead to something that is
//! there. Decides, does nothing. Links to the world are not followed.

use super::Finding;
use crate::tree::File;

/// Links in the Markdown pages among `files` that lead nowhere.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    files
        .iter()
        .filter(|file| file.path.ends_with(".md"))
        .flat_map(|page| broken(page, files))
        .collect()
}

fn broken(page: &File, files: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (index, line) in page.text.lines().enumerate() {
        in_code ^= line.trim_start().starts_with("```");
        if in_code {
            continue;
        }
        for target in targets(line).filter(|t| !leads(&page.path, t, files)) {
            let what = format!("the link to '{target}' leads nowhere");
            found.push(Finding::error(&page.path, what).at(index));
        }
    }
    found
}

/// What stands in `](...)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0))
}

fn leads(from: &str, target: &str, files: &[File]) -> bool {
    let path = target.split('#').next().unwrap_or_default();
    if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
        return true;
    }
    let Some(wanted) = resolve(from, path) else { return false };
    let folder = format!("{wanted}/");
    wanted.is_empty()
        || files.iter().any(|f| f.path == wanted || f.path.starts_with(&folder))
}

/// `path` as seen from the page `from`; none above the root.
fn resolve(from: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests;
