use jiff::SpanRelativeTo;
use jiff::fmt::temporal::SpanParser;

/// Whole seconds of an ISO 8601 duration as .NET writes it, which Azure reads it with: in capitals and without a sign.
/// Nothing for one of years or months, whose length depends on the day.
pub fn seconds(text: &str) -> Option<u64> {
    static PARSER: SpanParser = SpanParser::new();
    if !text.starts_with('P') || text.contains(char::is_lowercase) {
        return None;
    }
    let span = PARSER.parse_span(text).ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    u64::try_from(duration.as_secs()).ok()
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn durations_have_units_in_order() {
        assert_eq!(seconds("PT5M"), Some(300));
        assert_eq!(seconds("PT168H"), Some(604_800));
        assert_eq!(seconds("P1DT1H30M5S"), Some(91_805));
        assert_eq!(seconds("P1W"), Some(604_800));
        assert_eq!(seconds("PT1.5H"), Some(5_400));
        for wrong in [
            "00:05:00",
            "P",
            "PT",
            "PT5",
            "PT5X",
            "PT1M1H",
            "PT99999999999999999999M",
            "",
            "-PT5M",
            "+PT5M",
            "pt5m",
            "P1Y",
            "P1M",
        ] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
