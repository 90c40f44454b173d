//! `bicepconfig.json`: aliases of registries and the experiments that are switched on.

use std::collections::BTreeMap;

use serde_json::Value;

use super::files::{FileProvider, join};
use super::format::{FormatOptions, IndentKind, Newline};

/// What the compiler takes from the `bicepconfig.json` nearest to a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// Experiments that are switched on.
    pub experiments: Vec<String>,
    registries: BTreeMap<String, (String, String)>,
    template_specs: BTreeMap<String, (String, String)>,
    /// Where it was found; empty if there is none.
    pub path: String,
    /// Why it cannot be read.
    pub malformed: Option<String>,
    /// Its text.
    pub text: String,
    /// All of it.
    pub json: Value,
}

impl Config {
    /// Reads the file next to, or in the nearest folder above, a folder.
    pub fn near(folder: &str, files: &dyn FileProvider) -> Self {
        if let Some(bytes) = files.config() {
            return Self::read("bicepconfig.json", bytes);
        }
        let mut folder = folder.to_owned();
        loop {
            let path = join(&folder, "bicepconfig.json");
            if let Ok(bytes) = files.read(&path) {
                return Self::read(&path, &bytes);
            }
            if folder.is_empty() || folder.ends_with("..") {
                return Self::default();
            }
            folder.truncate(folder.rfind('/').unwrap_or(0));
        }
    }

    fn read(path: &str, bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let read = serde_json::from_str(&plain_json(&text));
        let (value, malformed) = match read {
            Ok(value @ Value::Object(_)) => (value, None),
            Ok(_) => (Value::Null, Some("expected an object".to_owned())),
            Err(error) => (Value::Null, Some(error.to_string())),
        };
        let text = text.into_owned();
        Self { path: path.to_owned(), malformed, text, ..Self::from_json(value) }
    }

    fn from_json(value: Value) -> Self {
        let experiments = value["experimentalFeaturesEnabled"].as_object();
        let experiments = experiments.into_iter().flatten();
        let experiments = experiments.filter(|(_, on)| **on == Value::Bool(true));
        let pairs = |kind: &str, first: &str, second: &str| {
            let aliases = value["moduleAliases"][kind].as_object().into_iter().flatten();
            aliases
                .map(|(name, alias)| {
                    let text = |key: &str| alias[key].as_str().unwrap_or_default().to_owned();
                    (name.clone(), (text(first), text(second)))
                })
                .collect()
        };
        Self {
            experiments: experiments.map(|(name, _)| name.clone()).collect(),
            registries: pairs("br", "registry", "modulePath"),
            template_specs: pairs("ts", "subscription", "resourceGroup"),
            path: String::new(),
            malformed: None,
            text: String::new(),
            json: value,
        }
    }

    /// Whether an experiment is switched on.
    pub fn has(&self, experiment: &str) -> bool {
        self.experiments.iter().any(|name| name == experiment)
    }

    /// How files are formatted, or what is wrong with what it says about that.
    pub fn formatting(&self) -> Result<FormatOptions, String> {
        let mut options = FormatOptions::default();
        let wrong = |key: &str, values: &str| format!("`formatting.{key}` must be {values}");
        for (key, value) in self.json["formatting"].as_object().into_iter().flatten() {
            let word = value.as_str().map(str::to_ascii_lowercase);
            match key.as_str() {
                "newlineKind" => {
                    let known = word.as_deref().and_then(Newline::parse);
                    options.newline = known.ok_or_else(|| wrong(key, "LF, CRLF or CR"))?;
                }
                "indentKind" => {
                    let known = word.as_deref().and_then(IndentKind::parse);
                    options.indent_kind = known.ok_or_else(|| wrong(key, "Space or Tab"))?;
                }
                "indentSize" => {
                    options.indent_size = number(value).ok_or_else(|| wrong(key, "a number"))?;
                }
                "width" => {
                    options.width = number(value).ok_or_else(|| wrong(key, "a number"))?;
                }
                "insertFinalNewline" => {
                    let known = value.as_bool();
                    options.insert_final_newline =
                        known.ok_or_else(|| wrong(key, "true or false"))?;
                }
                _ => {}
            }
        }
        Ok(options)
    }

    /// Registry and path of a `br/` alias.
    pub fn registry(&self, alias: &str) -> Option<(&str, &str)> {
        match self.registries.get(alias) {
            Some((registry, path)) => Some((registry, path)),
            None if alias == "public" => Some(("mcr.microsoft.com", "bicep")),
            None => None,
        }
    }

    /// Subscription and resource group of a `ts/` alias.
    pub fn template_specs(&self, alias: &str) -> Option<(&str, &str)> {
        let (subscription, group) = self.template_specs.get(alias)?;
        Some((subscription, group))
    }
}

fn number(value: &Value) -> Option<usize> {
    value.as_i64().map(|number| usize::try_from(number).unwrap_or(0))
}

/// JSON without the comments and trailing commas that Bicep allows in its own files.
pub fn plain_json(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    // Where a comma stands that nothing but blanks follow so far.
    let mut comma = None;
    while let Some(letter) = letters.next() {
        if quoted {
            out.push(letter);
            if letter == '\\' {
                out.extend(letters.next());
            }
            quoted = letter != '"';
            continue;
        }
        match (letter, letters.peek()) {
            ('/', Some('/')) => {
                letters.by_ref().find(|next| *next == '\n');
                out.push('\n');
                continue;
            }
            ('/', Some('*')) => {
                let mut last = ' ';
                letters.next();
                letters
                    .by_ref()
                    .find(|next| std::mem::replace(&mut last, *next) == '*' && *next == '/');
                out.push(' ');
                continue;
            }
            _ => {}
        }
        match letter {
            '"' => (quoted, comma) = (true, None),
            ',' => comma = Some(out.len()),
            '}' | ']' => {
                if let Some(at) = comma.take() {
                    out.remove(at);
                }
            }
            blank if blank.is_whitespace() => {}
            _ => comma = None,
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_comments_and_trailing_commas() {
        let text = "{ // a\n \"x\": [1, 2, /* b */ ], \"y\": \"// no, ]\", }";
        let value: Value = serde_json::from_str(&plain_json(text)).unwrap();
        assert_eq!(value, serde_json::json!({ "x": [1, 2], "y": "// no, ]" }));
    }
}
