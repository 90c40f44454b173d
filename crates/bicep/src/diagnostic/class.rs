static TABLE: &str = include_str!("code-classes.tsv");

/// What a code says of the input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CodeClass {
    /// The config or a template cannot be used at all.
    pub is_input: bool,
    /// A finding is about a value that is there, whatever else is missing.
    pub is_of_a_value: bool,
    depends: &'static str,
}

impl CodeClass {
    /// JSON pointers of the config on which a finding depends besides what stands around its place.
    pub fn depends(self) -> impl Iterator<Item = &'static str> {
        self.depends.split(' ').filter(|pointer| !pointer.is_empty())
    }
}

/// The class of a code; that of most codes is empty.
pub fn code_class(code: &str) -> CodeClass {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#')).skip(1);
    let mut cells = rows.map(|row| row.split('\t'));
    let Some(mut row) = cells.find_map(|mut row| (row.next() == Some(code)).then_some(row)) else {
        return CodeClass::default();
    };
    let classes = row.next().unwrap_or_default();
    let has = |class: &str| classes.split(' ').any(|known| known == class);
    let depends = row.next().unwrap_or_default();
    CodeClass { is_input: has("input"), is_of_a_value: has("value"), depends }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::explanation;

    #[test]
    fn every_row_names_a_code_that_is_explained() {
        for row in TABLE.lines().filter(|line| !line.starts_with('#')).skip(1) {
            let cells: Vec<&str> = row.split('\t').collect();
            let [code, class, depends] = cells[..] else { panic!("{row}") };
            assert!(explanation(code).is_some(), "{code}");
            assert!(!class.is_empty() || !depends.is_empty(), "{code}");
            assert!(matches!(class, "" | "input" | "value" | "input value"), "{code}: {class}");
            assert!(depends.split(' ').all(|it| it.is_empty() || it.starts_with('/')), "{code}");
        }
        // Codes of these groups are about files that cannot be read, parsed or rendered.
        let groups = ["PB00", "PB03", "PB20"];
        for code in crate::diagnostic::explanations().map(|known| known.code) {
            let in_group = groups.iter().any(|group| code.starts_with(group));
            assert!(!in_group || code_class(code).is_input, "{code} has no row");
        }
        assert!(code_class("PB1014").is_input && code_class("PB1014").is_of_a_value);
        assert_eq!(code_class("PB1022").depends().count(), 3);
        assert_eq!(code_class("CTR011"), CodeClass::default());
    }
}
