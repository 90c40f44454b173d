use std::collections::BTreeSet;

use super::tables::VM_SIZES;
use super::vm_size;
use crate::diagnostic::nearest;

/// The quota families of all sizes, each once.
pub(crate) fn families() -> BTreeSet<&'static str> {
    let family = |row: super::Row| row.cells::<2>()[1];
    VM_SIZES.rows().map(family).filter(|family| !family.is_empty()).collect()
}

/// The one spelling of a family, which Azure writes with and without spaces and in several cases.
pub(crate) fn plain_family(name: &str) -> String {
    name.split_whitespace().collect::<String>().to_lowercase()
}

/// The family that a mistyped one is meant to be. One letter of a series is another GPU, so only the rest of a name
/// is corrected: `standardNCASv3Family` is the T4's `Standard NCASv3_T4 Family`, and not `standardNCSv3Family`.
pub(crate) fn nearest_family(written: &str) -> Option<&'static str> {
    let known: Vec<(&'static str, String)> =
        families().into_iter().map(|family| (family, core(family))).collect();
    if let Some(size) = vm_size(written) {
        return known.iter().map(|(family, _)| *family).find(|family| *family == size.family);
    }
    let own = core(written);
    if let Some((family, _)) = known.iter().find(|(_, core)| *core == own) {
        return Some(family);
    }
    let mut longer = known.iter().filter(|(_, core)| !own.is_empty() && core.starts_with(&own));
    if let (Some((family, _)), None) = (longer.next(), longer.next()) {
        return Some(family);
    }
    let alike = known.iter().filter(|(_, core)| series(core) == series(&own));
    nearest(written, alike.map(|(family, _)| *family))
}

/// What tells a family from others: its letters and digits without `Standard` and `Family`.
fn core(name: &str) -> String {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let start = plain.strip_prefix("standard").unwrap_or(&plain);
    start.strip_suffix("family").unwrap_or(start).to_owned()
}

/// The letters before the first digit, `ncasv` of `ncasv3t4`.
fn series(core: &str) -> &str {
    core.split(|letter: char| letter.is_ascii_digit()).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_family_stays_in_its_series() {
        for (written, meant) in [
            ("standardNCASv3Family", Some("Standard NCASv3_T4 Family")),
            ("Standard NCASv3 T4 Famly", Some("Standard NCASv3_T4 Family")),
            ("standardNCASv3_T4Famly", Some("Standard NCASv3_T4 Family")),
            ("Standard_NC4as_T4_v3", Some("Standard NCASv3_T4 Family")),
            ("standardNCadsA100Family", Some("StandardNCADSA100v4Family")),
            ("standardNCSv3Famly", Some("standardNCSv3Family")),
            ("standardDSv55Family", Some("standardDSv5Family")),
            ("standardNXSv3Family", None),
            ("T4", None),
            ("", None),
        ] {
            assert_eq!(nearest_family(written), meant, "{written}");
        }
    }

    #[test]
    fn spaces_and_case_do_not_tell_families_apart() {
        let plain = plain_family("Standard NCASv3_T4 Family");
        assert_eq!(plain, plain_family("standardNCASv3_T4Family"));
    }
}
