use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{Exit, terminal};
use crate::schema::import::{self, ImportError, ResourceName};
use crate::{config, disk};

/// Largest table of types in bytes; the largest of Azure's has about 20 MB.
const MAX_TABLE_BYTES: u64 = 64 << 20;

/// `prebake schema`.
#[derive(Debug, Subcommand)]
pub(super) enum Schema {
    /// Print the JSON Schema of the config file
    Config,
    /// Create schemas of resource types from Azure's types
    Import(Import),
}

/// `prebake schema import`.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// Folder of type tables with the layout of <https://github.com/Azure/bicep-types-az> [default: the types
    /// that `prebake --version` names]
    #[arg(long, value_name = "DIR")]
    types: Option<PathBuf>,
    /// Folder to write the schemas to
    #[arg(short, long, value_name = "DIR", default_value = "schemas/azure")]
    output: PathBuf,
    /// Resource types with API versions, such as `Microsoft.Batch/batchAccounts@2025-06-01`
    #[arg(value_name = "TYPE@API", required = true)]
    names: Vec<String>,
}

impl Schema {
    pub(super) fn run(&self) -> Exit {
        match self {
            Self::Config => {
                terminal::out(config::schema::CONFIG.text());
                Exit::Done
            }
            Self::Import(import) => import.run(),
        }
    }
}

impl Import {
    /// Imports every type that can be; each failure is reported.
    fn run(&self) -> Exit {
        let mut code = Exit::Done;
        for name in &self.names {
            if let Err((what, why, help)) = self.import(name) {
                code = terminal::failed(&what, &why, &help);
            }
        }
        code
    }

    fn import(&self, name: &str) -> Result<(), (String, String, String)> {
        let failed = |error: &ImportError, help: &str| {
            (format!("no schema was created for `{name}`"), error.to_string(), help.to_owned())
        };
        let resource = ResourceName::parse(name)
            .map_err(|error| failed(&error, "use the format `Namespace/type@version`"))?;
        let Some(types) = &self.types else {
            let schema = import::import_built_in(&resource)
                .map_err(|error| failed(&error, "check the name and the version"))?;
            return self.write(&resource, &import::print(&schema));
        };
        let tables = find_tables(types, &resource);
        if tables.is_empty() {
            return Err((
                format!("no schema was created for `{name}`"),
                format!("`{}` does not contain `{}`", types.display(), resource.table_path()),
                "download the table from https://github.com/Azure/bicep-types-az".to_owned(),
            ));
        }
        let mut last = None;
        for table in tables {
            let text = read(types, &table)?;
            match import::import(&text, &resource) {
                Ok(schema) => return self.write(&resource, &import::print(&schema)),
                Err(error) => last = Some(error),
            }
        }
        let error = last.unwrap_or(ImportError::BadName(name.to_owned()));
        Err(failed(&error, "check the name and the version"))
    }

    fn write(&self, resource: &ResourceName, text: &str) -> Result<(), (String, String, String)> {
        let path = self.output.join(resource.schema_path());
        let folder = path.parent().unwrap_or(&self.output);
        let written = std::fs::create_dir_all(folder).and_then(|()| write_file(&path, text));
        match written {
            Ok(()) => {
                terminal::out(&format!("{}\n", path.display()));
                Ok(())
            }
            Err(error) => Err((
                format!("`{}` was not written", path.display()),
                error.to_string(),
                "name a writable folder with `--output`".to_owned(),
            )),
        }
    }
}

/// The tables of this namespace and version, in whatever group of the folder they lie.
fn find_tables(types: &Path, resource: &ResourceName) -> Vec<PathBuf> {
    let path = resource.table_path();
    let deepest = path.split('/').count() + 2;
    let files = walkdir::WalkDir::new(types).max_depth(deepest).sort_by_file_name().into_iter();
    files
        .flatten()
        .map(walkdir::DirEntry::into_path)
        .filter(|file| {
            file.to_string_lossy().replace('\\', "/").to_lowercase().ends_with(&format!("/{path}"))
        })
        .collect()
}

fn read(types: &Path, path: &Path) -> Result<String, (String, String, String)> {
    disk::text_within(types, path, MAX_TABLE_BYTES).map_err(|error| {
        let what = format!("`{}` cannot be read", path.display());
        (what, error.to_string(), "check the file and its permissions".to_owned())
    })
}

#[expect(clippy::disallowed_methods, reason = "schemas are the command's one output")]
fn write_file(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)
}
