/// Seconds of an ISO 8601 duration of days, hours, minutes and seconds; nothing for anything else.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let rest = text.strip_prefix('P')?;
    let (days, time) = match rest.split_once('T') {
        Some((days, time)) if !time.is_empty() => (days, time),
        Some(_) => return None,
        None => (rest, ""),
    };
    if days.is_empty() && time.is_empty() {
        return None;
    }
    let days = parts(days, &[('W', 604_800), ('D', 86_400)])?;
    let time = parts(time, &[('H', 3600), ('M', 60), ('S', 1)])?;
    days.checked_add(time)
}

/// Numbers with their units, each unit at most once and in order.
fn parts(mut text: &str, mut units: &[(char, u64)]) -> Option<u64> {
    let mut total = 0_u64;
    while !text.is_empty() {
        let end = text.find(|letter: char| !letter.is_ascii_digit())?;
        let number: u64 = text[..end].parse().ok()?;
        let unit = text[end..].chars().next()?;
        let at = units.iter().position(|(letter, _)| *letter == unit)?;
        total = total.checked_add(number.checked_mul(units[at].1)?)?;
        units = &units[at + 1..];
        text = &text[end + unit.len_utf8()..];
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn durations_have_units_in_order() {
        assert_eq!(seconds("PT5M"), Some(300));
        assert_eq!(seconds("PT168H"), Some(604_800));
        assert_eq!(seconds("P1DT1H30M5S"), Some(91_805));
        for wrong in ["00:05:00", "P", "PT", "PT5", "PT5X", "PT1M1H", "PT99999999999999999999M", ""]
        {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
