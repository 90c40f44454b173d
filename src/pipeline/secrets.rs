use crate::check;
use crate::diagnostic::{Diagnostic, Diagnostics, Place, Sources};

/// The secrets that a config and its layers hold. Messages must not show them.
pub(super) struct Secrets {
    /// The rule's findings, until the config's own settings are applied to them.
    findings: Vec<Diagnostic>,
    values: Vec<String>,
    /// Files with a lower number are the user's.
    files: u32,
}

impl Secrets {
    /// Finds the secrets of all files read so far, and hides them from the excerpts of messages.
    pub(super) fn hide(sources: &mut Sources) -> Self {
        let found: Vec<(Diagnostic, Place)> =
            sources.iter().flat_map(|(id, file)| check::secrets_of_file(file, id)).collect();
        let mut secrets = Self { findings: Vec::new(), values: Vec::new(), files: sources.len() };
        for (finding, place) in found {
            secrets.values.extend(sources.text(place).map(str::to_owned));
            sources.mask(place);
            secrets.findings.push(finding);
        }
        secrets
    }

    /// The findings; afterwards there are none.
    pub(super) fn take(&mut self) -> Diagnostics {
        std::mem::take(&mut self.findings).into()
    }

    /// Whether a finding in a rendered file is about a secret that stands in the config.
    pub(super) fn tell(&self, finding: &Diagnostic, sources: &Sources) -> bool {
        finding.place.into_iter().any(|place| {
            let text = sources.text(place).unwrap_or_default();
            // In the user's own file it was found there, too, and is hidden already.
            place.file.0 < self.files && text.contains("***")
                || self.values.iter().any(|value| text.contains(value.as_str()))
        })
    }
}
