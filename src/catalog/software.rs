use serde::Serialize;

use super::table::Row;
use super::tables::{DRIVERS, GPU_DRIVERS, MIG, PACKAGE_SOURCES};
use super::vm_size::GpuModules;

/// An NVIDIA driver that a bake can install on an operating system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driver {
    /// Version that is installed when the config names none.
    pub version: &'static str,
    /// `apt`, `dnf` or `runfile`.
    pub method: &'static str,
    /// Id of the package source, empty for a runfile.
    pub repository: &'static str,
    /// Package that brings the driver, empty for a runfile.
    pub package: &'static str,
    /// Oldest branch whose packages have these names; none for a runfile.
    pub first_branch: Option<u32>,
    /// Newest branch that has these kernel modules at all; none where every later one has them.
    pub last_branch: Option<u32>,
    fabric_manager: &'static str,
    renamed_in: &'static str,
    former_fabric_manager: &'static str,
    /// Address of a runfile.
    pub url: &'static str,
    /// SHA-256 of a runfile.
    pub sha256: &'static str,
    /// Where the row comes from.
    pub source: &'static str,
}

impl Driver {
    /// Package of the fabric manager that fits a branch of the driver; none where a runfile brings it.
    pub fn fabric_manager(&self, branch: u32) -> Option<String> {
        let renamed = self.renamed_in.parse().is_ok_and(|since: u32| branch >= since);
        let name = if renamed { self.fabric_manager } else { self.former_fabric_manager };
        (!name.is_empty()).then(|| name.replace("{branch}", &branch.to_string()))
    }
}

/// The branch of a driver's version, its first number.
pub(crate) fn driver_branch(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

/// The last branch of the driver that serves a GPU; nothing for those that every later branch serves.
pub(crate) fn last_driver_branch(gpu_model: &str) -> Option<u32> {
    GPU_DRIVERS.find(gpu_model)?.cells::<3>()[1].parse().ok()
}

/// The GRID driver that Azure supports on a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GridDriver {
    /// Release of NVIDIA's vGPU software, `18`.
    pub vgpu: &'static str,
    /// The kernel modules that it is installed with.
    pub modules: GpuModules,
}

/// The GRID driver of a GPU; nothing where Azure supports none.
pub(crate) fn grid_driver(gpu_model: &str) -> Option<GridDriver> {
    let [_, _, vgpu, modules] = GPU_DRIVERS.find(gpu_model)?.cells();
    (!vgpu.is_empty()).then(|| GridDriver { vgpu, modules: GpuModules::parse(modules) })
}

/// The MIG profiles of a GPU; none for one that cannot be cut into instances.
pub(crate) fn mig_profiles(gpu_model: &str) -> impl Iterator<Item = &'static str> {
    MIG.find(gpu_model).into_iter().flat_map(|row| row.cells::<3>()[1].split(' '))
}

/// How many instances of a MIG profile a GPU holds.
pub(crate) fn mig_instances(gpu_model: &str, profile: &str) -> Option<u32> {
    let row = MIG.find(gpu_model)?;
    let [_, profiles, instances] = row.cells();
    let at = profiles.split(' ').position(|known| known == profile)?;
    instances.split(' ').nth(at)?.parse().ok()
}

/// A package repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repository {
    /// Name of the source on the machine.
    pub name: &'static str,
    /// Archive (apt) or repository file (dnf).
    pub uri: &'static str,
    /// Suite of an apt archive.
    pub suite: &'static str,
    /// Components of an apt archive, or the repository of the operating system to enable.
    pub components: &'static str,
    /// Address of the signing key.
    pub key_url: &'static str,
    /// Fingerprint of the signing key.
    pub fingerprint: &'static str,
}

/// A package repository, and what is installed from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageSource {
    /// Where the packages lie.
    pub repository: Repository,
    /// Default version, empty for the newest.
    pub version: &'static str,
    /// Packages to install.
    pub packages: Vec<&'static str>,
    /// Packages that must go first.
    pub conflicts: Vec<&'static str>,
    /// Where the row comes from.
    pub source: &'static str,
}

/// The driver of a class (`cuda`, or `grid-` and the vGPU release) with these kernel modules (`open`,
/// `proprietary`).
pub fn driver(class: &str, modules: &str, os: &str) -> Option<Driver> {
    DRIVERS.find(&format!("{class}-{modules}-{os}")).map(parse_driver)
}

/// Where software comes from: `docker`, `toolkit`, `cuda`, or the system's `base` and `build` packages.
pub(crate) fn package_source(kind: &str, os: &str) -> Option<PackageSource> {
    PACKAGE_SOURCES.find(&format!("{kind}-{os}")).map(parse_source)
}

fn parse_driver(row: Row) -> Driver {
    let [
        _,
        version,
        method,
        repository,
        package,
        first_branch,
        last_branch,
        fabric_manager,
        renamed_in,
        former_fabric_manager,
        url,
        sha256,
        source,
    ] = row.cells();
    Driver {
        version,
        method,
        repository,
        package,
        first_branch: first_branch.parse().ok(),
        last_branch: last_branch.parse().ok(),
        fabric_manager,
        renamed_in,
        former_fabric_manager,
        url,
        sha256,
        source,
    }
}

fn parse_source(row: Row) -> PackageSource {
    let [
        _,
        name,
        uri,
        suite,
        components,
        key_url,
        fingerprint,
        version,
        packages,
        conflicts,
        source,
    ] = row.cells();
    PackageSource {
        repository: Repository { name, uri, suite, components, key_url, fingerprint },
        version,
        packages: packages.split_whitespace().collect(),
        conflicts: conflicts.split_whitespace().collect(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_driver_has_its_repository_or_its_digest() {
        for row in DRIVERS.rows() {
            let driver = parse_driver(row);
            if driver.method == "runfile" {
                assert_eq!(driver.sha256.len(), 64, "{driver:?}");
                assert!(driver.url.starts_with("https://"), "{driver:?}");
                assert_eq!(driver.fabric_manager(580), None);
            } else {
                let since = driver.renamed_in.parse().expect("a branch");
                assert_eq!(driver.fabric_manager(since).as_deref(), Some("nvidia-fabricmanager"));
                assert_ne!(driver.fabric_manager(since - 1), driver.fabric_manager(since));
                assert!(driver.first_branch <= driver_branch(driver.version), "{driver:?}");
                let source = PACKAGE_SOURCES.find(driver.repository).map(parse_source);
                assert_eq!(
                    source.expect("a driver's repository exists").repository.fingerprint.len(),
                    40
                );
            }
        }
    }

    #[test]
    fn every_gpu_with_a_last_driver_is_one_of_a_size() {
        let sizes = crate::catalog::vm_sizes().filter_map(crate::catalog::vm_size);
        let models: Vec<_> = sizes.map(|size| size.gpu_model).collect();
        for row in GPU_DRIVERS.rows() {
            assert!(models.iter().any(|model| model == row.key()), "{}", row.key());
            let known = last_driver_branch(row.key()).is_some() || grid_driver(row.key()).is_some();
            assert!(known, "{}", row.key());
        }
        assert_eq!(last_driver_branch("NVIDIA T4 16GB"), None);
    }

    #[test]
    fn every_operating_system_has_all_software() {
        for os in ["almalinux-8", "almalinux-9", "ubuntu-22.04", "ubuntu-24.04"] {
            for kind in ["docker", "toolkit", "cuda", "base", "build"] {
                assert!(package_source(kind, os).is_some(), "{kind}-{os}");
            }
            for modules in ["open", "proprietary"] {
                assert!(driver("cuda", modules, os).is_some(), "{modules} {os}");
            }
            // Microsoft supports GRID on Ubuntu and RHEL.
            for (class, modules) in [("grid-18", "proprietary"), ("grid-20", "open")] {
                assert_eq!(driver(class, modules, os).is_some(), os.starts_with("ubuntu"));
            }
        }
        assert!(driver("rocm", "open", "ubuntu-24.04").is_none());
    }
}
