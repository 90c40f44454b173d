//! What a render takes besides its config, as most tests want it: the built-in templates and schemas, and a fixed day.

use std::collections::BTreeMap;

use prebake::catalog::Date;
use prebake::diagnostic::{Diagnostics, Sources};
use prebake::pipeline::{CompiledStages, Tools};
use prebake::render::Templates;
use prebake::schema::ResourceSchemas;

pub fn tools() -> Tools {
    let templates = Templates::new(BTreeMap::new(), &mut Sources::new(), &mut Diagnostics::new());
    Tools {
        templates: templates.expect("the embedded templates parse"),
        schemas: ResourceSchemas::embedded(),
        as_of: Date::parse("2026-11-23").expect("a date"),
        compiled: CompiledStages::default(),
        output: "out".to_owned(),
    }
}
