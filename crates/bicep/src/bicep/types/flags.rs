//! How types and properties are held to.

/// How strictly a type is held to, and what it is otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Marks(u8);

impl Marks {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// A value of another type is warned of.
    pub const WARN: Self = Self(1);
    /// A property that it does not have is warned of.
    pub const WARN_PROPERTY: Self = Self(2);
    /// It may be assigned where only some of its values fit: a parameter without a list of values.
    pub const LOOSE: Self = Self(4);
    /// It is a secret.
    pub const SECURE: Self = Self(8);

    /// Whether it has all of these.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What is special about a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(u8);

impl Flags {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// It must be given.
    pub const REQUIRED: Self = Self(1);
    /// It cannot be set.
    pub const READ_ONLY: Self = Self(2);
    /// It cannot be read.
    pub const WRITE_ONLY: Self = Self(4);
    /// Null stands for its absence.
    pub const IMPLICIT_NULL: Self = Self(8);
    /// It is taken though it is not declared.
    pub const FALLBACK: Self = Self(16);
    /// Bicep gives it its meaning, so that mistakes are errors.
    pub const SYSTEM: Self = Self(32);
    /// The compiler must know what it is.
    pub const NO_ANY: Self = Self(64);

    /// Whether it has all of these.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These without the others.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}
