use serde::Serialize;

use super::registry::Registry;
use super::resolver::Resolver;
use super::resource_id::ResourceId;
use crate::catalog;
use crate::config::fields;

/// A container image with one spelling for cloud-init, the build and the pools.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Image {
    /// Full reference, `host/repository:tag` or `host/repository@sha256:...`.
    pub reference: String,
    /// Host of the registry, `docker.io` where Docker would assume it.
    pub registry_server: String,
    /// Repository in that registry.
    pub repository: String,
    /// Tag, if it is named by one.
    pub tag: Option<String>,
    /// Digest, if it is named by one.
    pub digest: Option<String>,
    /// It is in the config's registry and is pulled with an identity.
    pub private: bool,
    /// It is pulled while the node image is baked.
    pub preload: bool,
    /// Size on the disk in GiB, if the config says it.
    pub size_gb: Option<u32>,
    /// How it is built, if this deployment builds it.
    pub build: Option<Build>,
    /// Where it is imported from, if this deployment imports it.
    pub import: Option<Import>,
}

/// An import from another registry.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Import {
    /// `repository:tag`, without the registry.
    pub image: String,
    /// The source as written, `host/repository:tag`.
    pub from: String,
    /// Host of the source registry.
    pub host: String,
    /// `repository:tag` or `repository@digest` in the source registry.
    pub source: String,
    /// The source registry, if it is one of Azure that the deploying identity reads.
    pub registry: Option<ResourceId>,
    /// User of a source registry that requires a login.
    pub user: Option<String>,
    /// Environment variable that holds the password of that user.
    pub login_variable: Option<String>,
}

/// A build by ACR Tasks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Build {
    /// Bicep identifier of the build, unique in the deployment.
    pub key: String,
    /// Name of the task and task run.
    pub task_name: String,
    /// Context as written.
    pub context: String,
    /// The registry fetches the context itself (Git, tarball, OCI); else it is uploaded.
    pub remote: bool,
    /// The registry stage runs it as a task run: a remote context and a registry of this resource group.
    pub task_run: bool,
    /// Dockerfile relative to the context.
    pub dockerfile: String,
    /// `repository:tag`, without the registry.
    pub image: String,
    /// Build arguments in order of their names.
    pub args: Vec<NameValue>,
    /// Target stage.
    pub target: Option<String>,
    /// Time limit in seconds.
    pub timeout: u32,
}

/// A named text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NameValue {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

impl NameValue {
    pub(super) fn list<'a>(
        pairs: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> Vec<NameValue> {
        let pair = |(name, value): (&String, &String)| NameValue {
            name: name.clone(),
            value: value.clone(),
        };
        pairs.into_iter().map(pair).collect()
    }
}

const DEFAULT_TIMEOUT_SECONDS: u32 = 3600;
const LONGEST_TASK_NAME: usize = 50;

pub(super) fn resolve(resolver: &mut Resolver<'_>, registry: Option<&Registry>) -> Vec<Image> {
    let mut images: Vec<Image> = Vec::new();
    let mut keys = Vec::new();
    for (index, written) in resolver.config.images.iter().enumerate() {
        let pointer = format!("/images/{index}");
        let Some(image) = image(resolver, written, &pointer, registry, &mut keys) else { continue };
        if let Some(first) = images.iter().position(|known| known.reference == image.reference) {
            let finding = crate::diagnostic::Diagnostic::error(
                "PB1018",
                format!("image `{}` is listed twice", image.reference),
            )
            .help("keep one of them");
            resolver.push_pair(finding, &pointer, "duplicate", &format!("/images/{first}"));
            continue;
        }
        images.push(image);
    }
    images
}

fn image(
    resolver: &mut Resolver<'_>,
    written: &fields::Image,
    pointer: &str,
    registry: Option<&Registry>,
    keys: &mut Vec<String>,
) -> Option<Image> {
    let name_pointer = format!("{pointer}/name");
    let (host, repository) = split_host(&written.name);
    let suffix = version(resolver, written, pointer)?;
    if let Some(host) = host.filter(|host| !valid_host(host)) {
        resolver.error(
            "PB1008",
            &name_pointer,
            format!("`{host}` is not a valid registry host"),
            "a host consists of letters, digits, `-` and `.`, and optionally a port from 1 to 65535",
            "use the format `host/repository` or `host:port/repository`, without `https://`",
        );
        return None;
    }
    if !valid_repository(repository) {
        resolver.error(
            "PB1008",
            &name_pointer,
            format!("`{}` is not a valid image name", written.name),
            "a repository consists of lowercase letters and digits, separated by single `/`, `.`, `_`, `__` or `-`",
            "use the format `repository` or `host/repository`, and set the tag with `tag`",
        );
        return None;
    }
    let (server, private) = server(resolver, written, host, &name_pointer, registry)?;
    let preload = written.preload.unwrap_or(true);
    provided(resolver, written, pointer, private, registry)?;
    let build = match &written.build {
        Some(build) => {
            let registry = registry.filter(|_| private);
            Some(resolve_build(resolver, written, build, pointer, registry, keys)?)
        }
        None => None,
    };
    let import = match &written.import {
        Some(import) => {
            Some(resolve_import(resolver, written, import, pointer, registry.filter(|_| private))?)
        }
        None => None,
    };
    Some(Image {
        reference: format!("{server}/{repository}{suffix}"),
        registry_server: server,
        repository: repository.to_owned(),
        tag: written.tag.clone(),
        digest: written.digest.clone(),
        private,
        preload,
        size_gb: written.size_gb,
        build,
        import,
    })
}

/// Host of the registry that holds an image, and whether it is the config's own.
fn server(
    resolver: &mut Resolver<'_>,
    written: &fields::Image,
    host: Option<&str>,
    pointer: &str,
    registry: Option<&Registry>,
) -> Option<(String, bool)> {
    let private = match (host, registry) {
        (None, _) => true,
        (Some(host), Some(registry)) => host.eq_ignore_ascii_case(&registry.login_server),
        (Some(_), None) => false,
    };
    let server = if private {
        let Some(registry) = registry else {
            resolver.error(
                "PB1005",
                pointer,
                format!("image `{}` has no source", written.name),
                "it has no host, and the config has no `registry`",
                "add `registry`, or write the host of a public image, such as `docker.io/library/python`",
            );
            return None;
        };
        registry.login_server.clone()
    } else {
        host.unwrap_or("docker.io").to_lowercase()
    };
    let of_azure = catalog::cloud_of_registry(&server).filter(|_| !private);
    if let Some(other) = of_azure.as_ref().filter(|other| other.key != resolver.cloud().key) {
        let what = format!("`{server}` is a registry");
        super::cloud::same(resolver, other, &what, pointer);
        return None;
    }
    if of_azure.is_some() {
        resolver.error(
            "PB1024",
            pointer,
            format!("the config does not name registry `{server}`"),
            "pulling from it needs an identity with a role in it",
            "name the registry under `registry` with `create: false`, or copy the image with `import`",
        );
        return None;
    }
    Some((server, private))
}

/// The created registry is empty: an image in it must be built here.
fn provided(
    resolver: &mut Resolver<'_>,
    written: &fields::Image,
    pointer: &str,
    private: bool,
    registry: Option<&Registry>,
) -> Option<()> {
    let empty = registry.is_some_and(|registry| registry.create);
    if private && empty && written.build.is_none() && written.import.is_none() {
        resolver.error(
            "PB1005",
            &format!("{pointer}/name"),
            format!("image `{}` has no source", written.name),
            "the config creates the registry, but nothing builds the image in it",
            "add `build: { context: . }` or `import`, or use an existing registry with `create: false`",
        );
        return None;
    }
    Some(())
}

fn version(resolver: &mut Resolver<'_>, written: &fields::Image, pointer: &str) -> Option<String> {
    match (&written.tag, &written.digest) {
        (Some(_), Some(_)) => {
            let finding = crate::diagnostic::Diagnostic::error(
                "PB1006",
                format!("image `{}` has both a tag and a digest", written.name),
            )
            .reason("a digest always refers to the same image, but a tag can move")
            .help("keep `digest` to pin the image, or keep `tag`");
            let digest = format!("{pointer}/digest");
            resolver.push_pair(finding, &digest, "the digest", &format!("{pointer}/tag"));
            None
        }
        (Some(tag), None) => Some(format!(":{tag}")),
        (None, Some(digest)) => Some(format!("@{digest}")),
        (None, None) => {
            resolver.error(
                "PB1009",
                pointer,
                format!("image `{}` has neither tag nor digest", written.name),
                "Docker would use `latest`, which moves",
                "add `tag: \"1.0.0\"` or `digest: sha256:...`",
            );
            None
        }
    }
}

fn resolve_build(
    resolver: &mut Resolver<'_>,
    written: &fields::Image,
    build: &fields::Build,
    pointer: &str,
    registry: Option<&Registry>,
    keys: &mut Vec<String>,
) -> Option<Build> {
    let build_pointer = format!("{pointer}/build");
    let Some(registry) = registry else {
        resolver.error(
            "PB1013",
            &build_pointer,
            format!("image `{}` cannot be built in another registry", written.name),
            "prebake builds images only in the registry of the config",
            "remove the host from `name`, or remove `build`",
        );
        return None;
    };
    let in_group = registry.resource_group.is_none() && registry.subscription.is_none();
    let Some(tag) = &written.tag else {
        resolver.error(
            "PB1025",
            &build_pointer,
            "a built image needs a tag",
            "its digest is known only after the build",
            "set `tag`; pin the digest after the build",
        );
        return None;
    };
    let remote = is_remote(&build.context);
    let dockerfile = build.dockerfile.clone().unwrap_or_else(|| "Dockerfile".to_owned());
    let mut paths = vec![("dockerfile", dockerfile.as_str())];
    if !remote {
        paths.insert(0, ("context", build.context.as_str()));
    }
    let mut inside = true;
    for (key, path) in paths {
        if leaves_folder(path) {
            inside = false;
            resolver.error(
                "PB1014",
                &format!("{build_pointer}/{key}"),
                format!("`{path}` is outside the folder of the config"),
                "prebake reads only files below the folder of the config",
                "use a relative path to a file in that folder",
            );
        }
    }
    if !inside {
        return None;
    }
    super::names::variables(resolver, &build.args, &format!("{build_pointer}/args"));
    let key = super::names::identifier(&written.name.to_lowercase(), keys);
    Some(Build {
        task_name: task_name(&key),
        key,
        context: build.context.clone(),
        task_run: remote && in_group,
        remote,
        dockerfile,
        image: format!("{}:{tag}", split_host(&written.name).1),
        args: NameValue::list(&build.args),
        target: build.target.clone(),
        timeout: build.timeout.unwrap_or(DEFAULT_TIMEOUT_SECONDS),
    })
}

/// Whether the login of an import is whole, and there where its registry asks for one.
fn import_login(
    import: &fields::Import,
    host: &str,
    refuse: &mut impl FnMut(&str, &'static str, &str, &str, &str),
) -> Option<()> {
    let named = import.user.is_some();
    if named != import.login_variable.is_some() {
        let (key, other) =
            if named { ("user", "loginVariable") } else { ("loginVariable", "user") };
        let title = format!("`{key}` requires `{other}`");
        refuse(
            &format!("/{key}"),
            "PB1022",
            &title,
            "a login consists of both",
            &format!("add `{other}`"),
        );
        return None;
    }
    if named && import.registry_id.is_some() {
        let label = "the deploying identity reads the registry of `registryId`";
        refuse(
            "/user",
            "PB1022",
            "`user` has no effect with `registryId`",
            label,
            "remove one of them",
        );
        return None;
    }
    let is_azure = catalog::cloud_of_registry(host).is_some();
    if is_azure && !named && import.registry_id.is_none() {
        let label = "an Azure registry gives its images to an identity";
        let help = "add `registryId`, the resource ID of the source registry";
        refuse("/from", "PB1024", "the source registry requires a login", label, help);
        return None;
    }
    Some(())
}

fn resolve_import(
    resolver: &mut Resolver<'_>,
    written: &fields::Image,
    import: &fields::Import,
    pointer: &str,
    registry: Option<&Registry>,
) -> Option<Import> {
    let import_pointer = format!("{pointer}/import");
    let mut refuse = |key: &str, code: &'static str, title: &str, label: &str, help: &str| {
        resolver.error(code, &format!("{import_pointer}{key}"), title, label, help);
    };
    if written.build.is_some() {
        let label = "`build` makes the same image";
        refuse("", "PB1022", "an image is either built or imported", label, "remove one of them");
        return None;
    }
    if registry.is_none() {
        let label = "prebake imports images only into the registry of the config";
        let help = "remove the host from `name`, or remove `import`";
        refuse("", "PB1013", "image cannot be imported into another registry", label, help);
        return None;
    }
    let Some(tag) = &written.tag else {
        let help = "set `tag`; the digest of `from` can pin the source";
        refuse("", "PB1025", "an imported image needs a tag", "an import sets a tag", help);
        return None;
    };
    let (host, source) = split_host(&import.from);
    let name = source.split(['@', ':']).next().unwrap_or_default();
    let host = host.filter(|host| valid_host(host) && valid_repository(name) && name != source);
    let Some(host) = host else {
        let label = "expected a host, a repository, and a tag or digest";
        let help = "use the format `docker.io/library/python:3.12`";
        refuse("/from", "PB1008", "not the whole name of an image", label, help);
        return None;
    };
    import_login(import, host, &mut refuse)?;
    let source_registry = match &import.registry_id {
        Some(id) => {
            Some(ResourceId::parse(id, "Microsoft.ContainerRegistry/registries").or_else(|| {
                let label = "expected `/subscriptions/.../registries/<registry>`";
                let help = "copy it from `az acr show --query id`";
                refuse("/registryId", "PB1026", "not the resource ID of a registry", label, help);
                None
            })?)
        }
        None => None,
    };
    Some(Import {
        image: format!("{}:{tag}", split_host(&written.name).1),
        from: import.from.clone(),
        host: host.to_lowercase(),
        source: source.to_owned(),
        registry: source_registry,
        user: import.user.clone(),
        login_variable: import.login_variable.clone(),
    })
}

/// A name that the registry takes: at most 50 characters, the end of a longer one as its digest.
fn task_name(key: &str) -> String {
    let whole = format!("build-{}", key.replace('_', "-"));
    if whole.len() <= LONGEST_TASK_NAME {
        return whole.trim_end_matches('-').to_owned();
    }
    let digest = super::names::short_digest(key, 8);
    let start = &whole[..LONGEST_TASK_NAME - digest.len() - 1];
    format!("{}-{digest}", start.trim_end_matches('-'))
}

/// Docker's own rule: the first part is a host if it has a dot or a port, or is `localhost`.
fn split_host(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => {
            (Some(first), rest)
        }
        _ => (None, name),
    }
}

/// Labels of letters, digits and inner hyphens, as the grammar of image references has them, and a port.
fn valid_host(host: &str) -> bool {
    let (domain, port) = host.split_once(':').map_or((host, None), |(d, port)| (d, Some(port)));
    let label = |label: &str| {
        let inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(inside)
    };
    let number = |port: &str| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|n| n > 0)
    };
    domain.split('.').all(label) && port.is_none_or(number)
}

/// The repository grammar of the OCI distribution specification, and the length that registries take.
fn valid_repository(repository: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separator =
        |text: &str| matches!(text, "." | "_" | "__") || text.bytes().all(|byte| byte == b'-');
    let part = |part: &str| {
        let mut ends = [part.chars().next(), part.chars().last()].into_iter();
        ends.all(|end| end.is_some_and(alphanumeric)) && part.split(alphanumeric).all(separator)
    };
    repository.len() <= 255 && repository.split('/').all(part)
}

/// Contexts that ACR fetches by itself, as `az acr build` tells them apart.
fn is_remote(context: &str) -> bool {
    let known = ["https://", "http://", "git://", "git@", "oci://", "github.com/"];
    known.iter().any(|start| context.starts_with(start))
}

fn leaves_folder(path: &str) -> bool {
    let windows = path.contains('\\') || path.as_bytes().get(1) == Some(&b':');
    path.starts_with(['/', '~']) || windows || path.split('/').any(|part| part == "..")
}
