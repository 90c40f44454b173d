//! What the functions that load files while compiling give: text, base64, JSON, YAML, file lists.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::config::plain_json;
use super::files::{FileError, FileProvider, relative};
use super::json_path;
use crate::yaml;

/// A call, understood as far as its arguments.
#[derive(Debug, Clone, Copy)]
pub struct Request<'r> {
    /// The function.
    pub function: &'r str,
    /// The folder of the file that calls.
    pub folder: &'r str,
    /// The path, from the root.
    pub path: &'r str,
    /// The arguments after the path.
    pub arguments: &'r [String],
}

/// Why nothing could be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentError {
    /// Microsoft's code.
    pub code: &'static str,
    /// What is wrong.
    pub title: String,
    /// Why at this argument.
    pub label: String,
    /// What to do.
    pub help: &'static str,
    /// Which argument.
    pub argument: usize,
}

/// The most files that a listing may give.
const MAXIMUM_FILES: usize = 10_000;
/// The deepest value that a loaded file may hold.
const MAXIMUM_DEPTH: usize = 100;
/// The longest text that Bicep's compiler takes for a literal, in UTF-16 units as it counts them.
const MAXIMUM_TEXT: usize = 131_072;
/// The largest file whose base64 is no longer than that.
pub const MAXIMUM_BASE64_BYTES: usize = MAXIMUM_TEXT / 4 * 3;
/// The longest JSON or YAML that Bicep's compiler loads.
const MAXIMUM_DATA: usize = 1_048_576;

fn error(
    code: &'static str,
    argument: usize,
    title: &str,
    label: impl Into<String>,
    help: &'static str,
) -> ContentError {
    ContentError { code, title: title.to_owned(), label: label.into(), help, argument }
}

/// The value of a call.
pub fn load(request: &Request<'_>, files: &dyn FileProvider) -> Result<Value, ContentError> {
    if request.function == "loadDirectoryFileInfo" {
        return directory(request, files);
    }
    let bytes = files.read(request.path).map_err(|why| {
        let is_folder = files.list(request.path).is_ok();
        if is_folder {
            let title = format!("`{}` is a folder", request.path);
            return error("BCP275", 0, &title, "expected a file", "name a file in the folder");
        }
        unreadable(request.path, &why)
    })?;
    match request.function {
        "loadFileAsBase64" => {
            bounded(bytes.len(), MAXIMUM_BASE64_BYTES, "bytes")?;
            Ok(Value::String(base64_simd::STANDARD.encode_to_string(&bytes)))
        }
        "loadTextContent" => {
            let text = decode(&bytes, request.arguments.first(), 1)?;
            bounded(text.encode_utf16().count(), MAXIMUM_TEXT, "characters")?;
            Ok(Value::String(text.into_owned()))
        }
        function => {
            let text = decode(&bytes, request.arguments.get(1), 2)?;
            bounded(text.encode_utf16().count(), MAXIMUM_DATA, "characters")?;
            let (value, code) = match function {
                "loadYamlContent" => (yaml_value(&text), "BCP340"),
                _ => (json(&text), "BCP186"),
            };
            let value = value.map_err(|why| {
                error(code, 0, "the file cannot be parsed", why, "correct the file")
            })?;
            match request.arguments.first() {
                None => Ok(value),
                Some(path) => json_path::select(&value, path).ok_or_else(|| {
                    let label = "no value in the file matches";
                    error(
                        "BCP235",
                        1,
                        "the JSONPath matches nothing",
                        label,
                        "correct the JSONPath",
                    )
                }),
            }
        }
    }
}

fn bounded(size: usize, most: usize, unit: &str) -> Result<(), ContentError> {
    if size <= most {
        return Ok(());
    }
    let label = format!("the file has {size} {unit}; the limit is {most}");
    Err(error("BCP184", 0, "the file is too large", label, "load a smaller file"))
}

fn unreadable(path: &str, why: &FileError) -> ContentError {
    let title = format!("cannot read `{path}`");
    error("BCP091", 0, &title, why.to_string(), why.next_step())
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text)
        .or_else(|_| serde_json::from_str(&plain_json(text)))
        .map_err(|why| why.to_string())
}

fn yaml_value(text: &str) -> Result<Value, String> {
    let limits = yaml::Limits { depth: MAXIMUM_DEPTH, ..yaml::FOREIGN };
    match yaml::read(text, limits) {
        Err(problem) if problem.kind == yaml::ProblemKind::Empty => Ok(Value::Null),
        read => read.map_err(|problem| problem.to_string()),
    }
}

// Without an encoding it is UTF-8, unless the first bytes say otherwise.
fn decode<'b>(
    bytes: &'b [u8],
    encoding: Option<&String>,
    argument: usize,
) -> Result<Cow<'b, str>, ContentError> {
    let wide = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
        Cow::Owned(String::from_utf16_lossy(&units.collect::<Vec<u16>>()))
    };
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return Ok(String::from_utf8_lossy(rest));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return Ok(wide(rest, u16::from_le_bytes));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return Ok(wide(rest, u16::from_be_bytes));
    }
    let ascii = |byte: &u8| if byte.is_ascii() { char::from(*byte) } else { '?' };
    match encoding.map(|name| name.to_ascii_lowercase()).as_deref() {
        None | Some("utf-8") => Ok(String::from_utf8_lossy(bytes)),
        Some("us-ascii") => Ok(Cow::Owned(bytes.iter().map(ascii).collect())),
        Some("iso-8859-1") => Ok(Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect())),
        Some("utf-16") => Ok(wide(bytes, u16::from_le_bytes)),
        Some("utf-16be") => Ok(wide(bytes, u16::from_be_bytes)),
        Some(name) => {
            let label = format!("`{name}` is not a supported encoding");
            let help = "use `utf-8`, `us-ascii`, `iso-8859-1`, `utf-16` or `utf-16BE`";
            Err(error("BCP070", argument, "unknown encoding", label, help))
        }
    }
}

fn directory(request: &Request<'_>, files: &dyn FileProvider) -> Result<Value, ContentError> {
    let pattern = request.arguments.first().map_or("*", String::as_str);
    let mut entries = files.list(request.path).map_err(|why| {
        if files.read(request.path).is_ok() {
            let title = format!("`{}` is a file", request.path);
            return error("BCP430", 0, &title, "expected a folder", "name a folder");
        }
        ContentError { code: "BCP428", ..unreadable(request.path, &why) }
    })?;
    entries.sort_by_cached_key(|entry| (entry.name.to_uppercase(), entry.name.clone()));
    let names = entries.into_iter().filter(|entry| !entry.folder && matches(pattern, &entry.name));
    let infos = names.take(MAXIMUM_FILES).map(|entry| {
        let path = format!("{}/{}", request.path, entry.name);
        let extension = entry.name.rfind('.').map_or("", |dot| &entry.name[dot..]);
        json!({
            "relativePath": relative(request.folder, path.trim_start_matches('/')),
            "baseName": entry.name,
            "extension": extension,
        })
    });
    Ok(infos.collect())
}

// `*` is any text and `?` any character, as in file names.
fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let (mut at, mut position) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while position < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, position));
                at += 1;
            }
            Some(letter) if *letter == '?' || *letter == name[position] => {
                at += 1;
                position += 1;
            }
            _ => {
                // The last star takes one more character.
                let Some((star_at, star_position)) = star else { return false };
                at = star_at + 1;
                position = star_position + 1;
                star = Some((star_at, position));
            }
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bicep::files::MemoryFiles;

    fn run(function: &str, path: &str, arguments: &[&str]) -> Result<Value, ContentError> {
        let files: MemoryFiles = [
            ("a.json", b"{\"x\": [{\"n\": 1}, {\"n\": 2}]}".to_vec()),
            ("a.yaml", b"x: [1, two]".to_vec()),
            ("b.txt", b"\xef\xbb\xbfhi".to_vec()),
            ("latin.txt", b"\xe9".to_vec()),
            ("98304", vec![b'a'; 98_304]),
            ("98305", vec![b'a'; 98_305]),
            ("131072", "é".repeat(131_072).into_bytes()),
            ("131073", vec![b'a'; 131_073]),
            ("1048576", vec![b' '; 1_048_576]),
            ("1048577", vec![b' '; 1_048_577]),
        ]
        .into_iter()
        .collect();
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).into()).collect();
        load(&Request { function, folder: "", path, arguments: &arguments }, &files)
    }

    #[test]
    fn loads_each_kind() {
        assert_eq!(run("loadTextContent", "b.txt", &[]).unwrap(), "hi");
        assert_eq!(run("loadTextContent", "latin.txt", &["iso-8859-1"]).unwrap(), "é");
        assert_eq!(run("loadFileAsBase64", "latin.txt", &[]).unwrap(), "6Q==");
        assert_eq!(run("loadJsonContent", "a.json", &["$.x[1].n"]).unwrap(), 2);
        assert_eq!(run("loadYamlContent", "a.yaml", &[]).unwrap(), json!({ "x": [1, "two"] }));
        let list = run("loadDirectoryFileInfo", "", &["*.json"]).unwrap();
        assert_eq!(
            list,
            json!([{ "relativePath": "a.json", "baseName": "a.json", "extension": ".json" }])
        );
        assert_eq!(run("loadTextContent", "none", &[]).unwrap_err().code, "BCP091");
        assert_eq!(run("loadTextContent", "latin.txt", &["x"]).unwrap_err().code, "BCP070");
    }

    #[test]
    fn loads_no_more_than_the_compiler_of_microsoft() {
        for (function, most, more) in [
            ("loadFileAsBase64", "98304", "98305"),
            ("loadTextContent", "131072", "131073"),
            ("loadYamlContent", "1048576", "1048577"),
        ] {
            assert!(run(function, most, &[]).is_ok(), "{function}");
            assert_eq!(run(function, more, &[]).unwrap_err().code, "BCP184", "{function}");
        }
    }
}
