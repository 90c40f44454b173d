//! Keeps a team's own template within bounds: takes its text, gives the text that the engine renders.
//!
//! The engine itself has no limit on loops and texts. So every pass of a loop, every block and every include
//! pays a toll, and every variable is weighed, by calls that are laid between the tags; what would gather
//! text unseen is refused. Places in messages are those of the text as the team wrote it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;
use std::time::{Duration, Instant};

use tera::{Kwargs, State, StringInput, Tera, TeraResult, Value};

use super::tags::{Tag, tags};
use super::templates::Texts;

/// How many bytes of template the loops, blocks and includes of one config may go through.
pub(super) const MAX_PASSED: usize = 16 << 20;
/// What a pass costs at least, so that 65,536 empty ones are the most.
const LEAST_COST: usize = 256;
/// How large a value may be that a variable holds or a filter takes or gives.
pub(super) const MAX_VALUE: usize = 4 << 20;
/// How large a rendered file may be: what is read back of a render.
pub(super) const MAX_OUTPUT: usize = 16 << 20;
/// How long the processor may work on the templates of one config, on any machine: the built-in ones take a
/// millisecond. Other programs do not count, so that a busy machine renders what an idle one renders.
const MAX_TIME: Duration = Duration::from_secs(2);

/// How deep templates may include and extend one another: each level takes a share of the stack.
pub(super) const MAX_NESTED: usize = 10;

const PASS: &str = "__prebake_pass";
const WEIGH: &str = "__prebake_weigh";

/// A template as the engine is to render it.
#[derive(Debug)]
pub(super) struct Bounded {
    /// The text with calls laid between its tags.
    pub text: String,
    laid: Vec<Laid>,
}

/// A call that was laid into a text.
#[derive(Debug)]
struct Laid {
    /// Where it stands, calls before it counted.
    at: Range<usize>,
    /// The tag that it belongs to, in the text as it was written.
    tag: Range<usize>,
}

/// A tag that no template of a team may hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// Where.
    pub at: Range<usize>,
    /// Why, and what stands in its place.
    pub why: &'static str,
}

impl Bounded {
    /// Lays the calls into a template; `texts` are all templates, for what an include costs.
    pub(super) fn new(text: &str, texts: &Texts) -> Result<Self, Refused> {
        let tags: Vec<Tag<'_>> = tags(text).collect();
        let mut bounded = Self { text: String::with_capacity(text.len() * 2), laid: Vec::new() };
        let mut copied = 0;
        for (index, tag) in tags.iter().enumerate() {
            if let Some(why) = refused(tag) {
                return Err(Refused { at: tag.range.clone(), why });
            }
            let Some((call, before)) = call(tag, &tags[index + 1..], texts) else { continue };
            let at = if before { tag.range.start } else { tag.range.end };
            bounded.text.push_str(&text[copied..at]);
            copied = at;
            let start = bounded.text.len();
            // Whitespace that the tag trims is still trimmed.
            let (left, right) = (before && tag.trims_before, !before && tag.trims_after);
            bounded.text.push_str(if left { "{{- " } else { "{{ " });
            bounded.text.push_str(&call);
            bounded.text.push_str(if right { " -}}" } else { " }}" });
            bounded.laid.push(Laid { at: start..bounded.text.len(), tag: tag.range.clone() });
        }
        bounded.text.push_str(&text[copied..]);
        Ok(bounded)
    }

    /// The place in the text as it was written; of a call, its tag.
    pub(super) fn original(&self, range: &Range<usize>) -> Range<usize> {
        let mut before = 0;
        for laid in &self.laid {
            if range.start < laid.at.start {
                break;
            }
            if range.start < laid.at.end {
                return laid.tag.clone();
            }
            before += laid.at.len();
        }
        let within: usize = self
            .laid
            .iter()
            .filter(|laid| laid.at.start >= range.start && laid.at.end <= range.end)
            .map(|laid| laid.at.len())
            .sum();
        range.start - before..range.end - before - within
    }
}

/// The first template that includes or extends others too deeply, or itself, and where it does.
pub(super) fn too_deep(texts: &Texts) -> Option<(String, Refused)> {
    let links: Links<'_> =
        texts.iter().map(|(path, text)| (&**path, links(text).collect())).collect();
    let mut known = BTreeMap::new();
    let path = links.keys().find(|path| height(path, MAX_NESTED, &links, &mut known).is_none())?;
    let why = "includes and `extends` are nested more than 10 levels deep, or form a cycle";
    Some(((*path).to_owned(), Refused { at: links[path].first()?.1.clone(), why }))
}

/// The templates that a template includes or extends, and where.
pub(super) fn links(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    tags(text)
        .filter(|tag| matches!(tag.word(), "include" | "extends"))
        .filter_map(|tag| Some((tag.text()?, tag.range.clone())))
}

/// The templates that each template names, and where.
type Links<'t> = BTreeMap<&'t str, Vec<(&'t str, Range<usize>)>>;

/// How many levels stand below a template; nothing when they are more than are left.
fn height<'t>(
    path: &'t str,
    left: usize,
    links: &Links<'t>,
    known: &mut BTreeMap<&'t str, usize>,
) -> Option<usize> {
    if let Some(height) = known.get(path) {
        return (*height <= left).then_some(*height);
    }
    let mut most = 0;
    for (below, _) in links.get(path).into_iter().flatten() {
        most = most.max(1 + height(below, left.checked_sub(1)?, links, known)?);
    }
    known.insert(path, most);
    Some(most)
}

fn refused(tag: &Tag<'_>) -> Option<&'static str> {
    match tag.word() {
        "filter" => Some(
            "`filter` sections are not supported; apply the filter to a value, `{{ value | filter }}`",
        ),
        "component" => Some("components are not supported; use `include`"),
        "set" | "set_global" if tag.assigned().is_none() => {
            Some("`set` blocks are not supported; assign a value, `{% set name = value %}`")
        }
        word if tag.mentions("for") && word != "for" => {
            Some("`for` cannot build a list; use a loop, `{% for item in list %}`")
        }
        "for" if tag.after_word().is_some_and(|rest| rest.mentions("for")) => {
            Some("`for` cannot build a list; loop over the list itself")
        }
        _ => None,
    }
}

/// What is laid beside a tag, and whether before it.
fn call(tag: &Tag<'_>, rest: &[Tag<'_>], texts: &Texts) -> Option<(String, bool)> {
    let pass = |bytes: usize| format!("{PASS}(bytes={})", bytes.max(LEAST_COST));
    match tag.word() {
        "for" => Some((pass(body(tag, rest, "for", "endfor")), false)),
        "block" => Some((pass(body(tag, rest, "block", "endblock")), false)),
        "include" => {
            let path = tag.text()?;
            Some((pass(texts.get(path).map_or(0, |text| text.len())), true))
        }
        "set" | "set_global" => Some((format!("{WEIGH}(name=\"{}\")", tag.assigned()?), false)),
        _ => None,
    }
}

/// How many bytes stand between a tag and its end.
fn body(tag: &Tag<'_>, rest: &[Tag<'_>], open: &str, close: &str) -> usize {
    let mut depth = 1;
    for other in rest {
        if other.word() == open {
            depth += 1;
        } else if other.word() == close {
            depth -= 1;
        }
        if depth == 0 {
            return other.range.start - tag.range.end;
        }
    }
    0
}

struct Budget {
    passed: usize,
    deadline: Option<Deadline>,
    broken: Option<String>,
}

/// The end of a time for work on this thread.
#[derive(Clone, Copy)]
struct Deadline {
    /// Before this instant, the processor cannot have worked for that long. It is cheaper to read.
    clock: Instant,
    processor: Duration,
}

impl Deadline {
    fn after(time: Duration) -> Self {
        Self { clock: Instant::now() + time, processor: processor_time() + time }
    }

    fn is_over(self) -> bool {
        Instant::now() > self.clock && processor_time() > self.processor
    }
}

/// How long the processor has worked on this thread.
#[cfg(unix)]
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// How long this process has worked, where the time of a thread cannot be read.
#[cfg(not(unix))]
fn processor_time() -> Duration {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    START.elapsed()
}

thread_local! {
    static BUDGET: RefCell<Budget> = const { RefCell::new(Budget { passed: 0, deadline: None, broken: None }) };
}

/// Opens the budget that all templates of one config share, on this thread.
pub(super) fn open() {
    BUDGET.set(Budget { passed: 0, deadline: Some(Deadline::after(MAX_TIME)), broken: None });
}

/// The limit that the render went beyond, in words.
pub(super) fn broken() -> Option<String> {
    BUDGET.with_borrow_mut(|budget| budget.broken.take())
}

fn refuse<T>(limit: String) -> TeraResult<T> {
    BUDGET.with_borrow_mut(|budget| budget.broken.get_or_insert(limit.clone()).len());
    Err(tera::Error::message(limit))
}

fn pass(bytes: usize) -> TeraResult<&'static str> {
    let (passed, late) = BUDGET.with_borrow_mut(|budget| {
        budget.passed = budget.passed.saturating_add(bytes);
        (budget.passed, budget.deadline.is_some_and(Deadline::is_over))
    });
    if passed > MAX_PASSED {
        return refuse(format!(
            "the loops and includes of this config's templates go through more than {} MiB",
            MAX_PASSED >> 20
        ));
    }
    if late {
        return refuse(format!(
            "the templates of this config take longer than {} s",
            MAX_TIME.as_secs()
        ));
    }
    Ok("")
}

/// Refuses a value that is too large to go on with.
pub(super) fn weigh(value: &Value) -> TeraResult<&'static str> {
    let mut left = MAX_VALUE;
    if takes(value, &mut left) { Ok("") } else { too_large() }
}

/// Refuses a text that is too large to go on with.
pub(super) fn small(text: &str) -> TeraResult<()> {
    if text.len() > MAX_VALUE { too_large() } else { Ok(()) }
}

fn too_large<T>() -> TeraResult<T> {
    refuse(format!("it has a value that is larger than {} MiB", MAX_VALUE >> 20))
}

/// Takes the size of a value off what is left; stops as soon as nothing is.
fn takes(value: &Value, left: &mut usize) -> bool {
    let own = 8 + value.as_str().map_or(0, str::len);
    *left = left.saturating_sub(own);
    if *left == 0 {
        return false;
    }
    if let Some(list) = value.as_array() {
        return list.iter().all(|item| takes(item, left));
    }
    value.as_map().is_none_or(|map| map.values().all(|item| takes(item, left)))
}

/// Registers the calls that are laid into templates, and bounded forms of the filters that make much of little.
pub(super) fn register(tera: &mut Tera) {
    tera.register_function(PASS, |kwargs: Kwargs, _: &State| {
        pass(kwargs.must_get::<usize>("bytes")?)
    });
    tera.register_function(WEIGH, |kwargs: Kwargs, state: &State| {
        let name = kwargs.must_get::<&str>("name")?;
        state.get::<Value>(name)?.map_or(Ok(""), |value| weigh(&value))
    });
    tera.register_filter("replace", |text: StringInput, kwargs: Kwargs, _: &State| {
        let (from, to) = (kwargs.must_get::<&str>("from")?, kwargs.must_get::<&str>("to")?);
        let text = text.as_str();
        let grows = text.matches(from).count().saturating_mul(to.len());
        if text.len().saturating_add(grows) > MAX_VALUE {
            return too_large();
        }
        Ok(text.replace(from, to))
    });
    tera.register_filter("join", |list: &[Value], kwargs: Kwargs, _: &State| {
        let between = kwargs.get::<&str>("sep")?.unwrap_or_default();
        let mut text = String::new();
        for (index, value) in list.iter().enumerate() {
            weigh(value)?;
            text.push_str(if index > 0 { between } else { "" });
            text.push_str(&value.to_string());
            if text.len() > MAX_VALUE {
                return too_large();
            }
        }
        Ok(text)
    });
    tera.register_filter("indent", |text: StringInput, kwargs: Kwargs, _: &State| {
        indent(text.as_str(), &kwargs)
    });
}

fn indent(text: &str, kwargs: &Kwargs) -> TeraResult<String> {
    let width = kwargs.get::<usize>("width")?.unwrap_or(4).min(1000);
    let space = kwargs.get::<&str>("indentation")?.unwrap_or(" ").repeat(width);
    let first = kwargs.get::<bool>("first")?.unwrap_or(false);
    let blank = kwargs.get::<bool>("blank")?.unwrap_or(false);
    if text.lines().count().saturating_mul(space.len()).saturating_add(text.len()) > MAX_VALUE {
        return too_large();
    }
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let wanted = if index == 0 { first } else { blank || !line.is_empty() };
        lines.push(if wanted { format!("{space}{line}") } else { line.to_owned() });
    }
    let end = if text.ends_with('\n') { "\n" } else { "" };
    Ok(lines.join("\n") + end)
}

/// What a template has made so far.
#[derive(Debug)]
pub(super) struct Output(Vec<u8>);

impl Output {
    /// Room for what most templates make: less than they have themselves.
    pub(super) fn of(template: &str) -> Self {
        Self(Vec::with_capacity(template.len()))
    }

    /// The text; only whole texts were written.
    pub(super) fn into_text(self) -> String {
        String::from_utf8(self.0).unwrap_or_default()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_OUTPUT {
            let limit = format!("it renders a file of more than {} MiB", MAX_OUTPUT >> 20);
            let _ = refuse::<()>(limit);
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_ends_a_template() {
        open();
        assert_eq!(pass(1).expect("there is time"), "");
        let time = Duration::from_millis(2);
        BUDGET.with_borrow_mut(|budget| budget.deadline = Some(Deadline::after(time)));
        std::thread::sleep(time * 2);
        assert_eq!(pass(1).expect("the processor did nothing"), "");
        let start = processor_time();
        while processor_time() < start + time * 2 {}
        assert!(pass(1).is_err());
        assert_eq!(broken().as_deref(), Some("the templates of this config take longer than 2 s"));
    }
}
