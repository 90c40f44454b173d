//! Keeps a team's own report template within bounds: every pass of a loop pays a toll, what is written is
//! counted (see `written`), and what could call itself is refused.

use std::sync::atomic::{AtomicUsize, Ordering};

use handlebars::template::{HelperTemplate, Parameter, TemplateElement};
use handlebars::{
    Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderErrorReason, Template,
    TemplateError,
};

/// How many passes the loops of a template make each time it is used.
const MAX_PASSES: usize = 1_000_000;
/// How much a template may write each time it is used.
pub(super) const MAX_REPORT: usize = 64 << 20;
/// How much the parts of all configs may hold together.
pub(super) const MAX_PARTS: usize = 1 << 30;
/// How deep blocks stand in one another.
const MAX_BLOCKS: usize = 100;
/// How deep calls stand in one another, as in `{{md (line a (line b c))}}`.
const MAX_CALLS: usize = 8;
/// How deep parentheses stand in one another in a text that is parsed at all; some may not be of calls.
const MAX_PARSED_CALLS: usize = 100;
/// How deep blocks stand in one another in a text that is parsed at all; some may stand in a comment.
const MAX_PARSED_BLOCKS: usize = 1_000;
const CALLS_TOO_DEEP: &str = "calls are nested too deeply";
const BLOCKS_TOO_DEEP: &str = "blocks are nested too deeply";

const TOLL: &str = "prebakePass";

/// A line of a template, and why it is refused there.
pub(super) type Refused = (usize, &'static str);

/// Registers the toll.
pub(super) fn register(engine: &mut Handlebars) {
    let passes = AtomicUsize::new(0);
    let toll = move |_: &Helper,
                     _: &Handlebars,
                     _: &Context,
                     _: &mut RenderContext,
                     _: &mut dyn Output|
          -> HelperResult {
        if passes.fetch_add(1, Ordering::Relaxed) < MAX_PASSES {
            return Ok(());
        }
        let limit = format!("its loops run more than {MAX_PASSES} times");
        Err(RenderErrorReason::Other(limit).into())
    };
    engine.register_helper(TOLL, Box::new(toll));
}

/// Refuses a text that nests so many calls that parsing it could take the whole stack, or so many blocks that it could
/// take minutes. [`lay`] counts those that are parsed.
pub(super) fn parsable(text: &str) -> Result<(), Refused> {
    parsable_calls(text)?;
    parsable_blocks(text)
}

fn parsable_blocks(text: &str) -> Result<(), Refused> {
    let mut depth = 0_usize;
    for (at, _) in text.match_indices("{{") {
        let tag = text[at + 2..].trim_start_matches('~');
        let inverse = tag.strip_prefix('^').is_some_and(|rest| !rest.starts_with(['~', '}']));
        if tag.starts_with('#') || inverse {
            depth += 1;
        } else if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        }
        if depth > MAX_PARSED_BLOCKS {
            return Err((1 + text[..at].matches('\n').count(), BLOCKS_TOO_DEEP));
        }
    }
    Ok(())
}

fn parsable_calls(text: &str) -> Result<(), Refused> {
    let (mut line, mut depth, mut last) = (1, 0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'\n' => line += 1,
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b'}' if last == b'}' => depth = 0,
            _ => {}
        }
        if depth > MAX_PARSED_CALLS {
            return Err((line, CALLS_TOO_DEEP));
        }
        last = byte;
    }
    Ok(())
}

/// Lays the toll into every loop of a template.
pub(super) fn lay(template: &mut Template) -> Result<Result<(), Refused>, TemplateError> {
    let toll = Template::compile(&format!("{{{{{TOLL}}}}}"))?;
    Ok(blocks(template, &toll, MAX_BLOCKS))
}

fn blocks(template: &mut Template, toll: &Template, left: usize) -> Result<(), Refused> {
    for (index, element) in template.elements.iter_mut().enumerate() {
        let line = template.mapping.get(index).map_or(1, |mapping| mapping.0);
        match element {
            TemplateElement::HelperBlock(block) => {
                let below = left.checked_sub(1).ok_or((line, BLOCKS_TOO_DEEP))?;
                calls(block, MAX_CALLS).map_err(|why| (line, why))?;
                let passes = !matches!(block.name.as_name(), Some("if" | "unless" | "with"));
                for inner in [&mut block.template, &mut block.inverse].into_iter().flatten() {
                    blocks(inner, toll, below)?;
                    if passes {
                        inner.elements.splice(0..0, toll.elements.iter().cloned());
                        inner.mapping.splice(0..0, toll.mapping.iter().cloned());
                        inner.mapping.iter_mut().take(1).for_each(|mapping| mapping.0 = line);
                    }
                }
            }
            TemplateElement::Expression(call) | TemplateElement::HtmlExpression(call) => {
                calls(call, MAX_CALLS).map_err(|why| (line, why))?;
            }
            TemplateElement::RawString(_) | TemplateElement::Comment(_) => {}
            _ => return Err((line, "partials are not supported")),
        }
    }
    Ok(())
}

fn calls(call: &HelperTemplate, left: usize) -> Result<(), &'static str> {
    for parameter in call.params.iter().chain(call.hash.values()) {
        let Parameter::Subexpression(inner) = parameter else { continue };
        let below = left.checked_sub(1).ok_or(CALLS_TOO_DEEP)?;
        if let TemplateElement::Expression(inner) = inner.as_element() {
            calls(inner, below)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_before_a_text_is_parsed() {
        let nested = |depth: usize| {
            format!("a\n{{{{md {}name{}}}}}", "(md ".repeat(depth), ")".repeat(depth))
        };
        assert_eq!(parsable(&nested(100)), Ok(()));
        assert_eq!(parsable(&nested(101)), Err((2, CALLS_TOO_DEEP)));
        assert_eq!(parsable(&"(}} {{".repeat(1000)), Ok(()));
    }

    #[test]
    fn blocks_are_counted_before_a_text_is_parsed() {
        let nested = |open: &str, depth: usize| {
            format!("a\n{}b{}", open.repeat(depth), "{{~/if}}".repeat(depth))
        };
        for open in ["{{#if a}}", "{{~#if a}}", "{{^if a}}"] {
            assert_eq!(parsable(&nested(open, 1_000)), Ok(()));
            assert_eq!(parsable(&nested(open, 1_001)), Err((2, BLOCKS_TOO_DEEP)));
        }
        assert_eq!(parsable(&"{{#if a}}b{{^}}c{{/if}}".repeat(2_000)), Ok(()));
    }
}
