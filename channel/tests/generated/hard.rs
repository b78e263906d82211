// Made by `cordon channel codegen --lang rust` from the manifest of hard-names.
// Change the manifest, not this.

/// Channel `default`, writer to reader: a record every 10 ms; older than 150 ms is no value.
#[rustfmt::skip]
#[allow(dead_code, reason = "a program uses a part")]
pub mod default_ {
    use ::cordon_channel::typed::{self, FieldFacts, Typed};
    use ::cordon_channel::{Pace, ValueError};

    /// One record; a field without a value is drawn as `---`.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Record {
        /// `self`.
        pub self_: ::core::option::Option<u64>,
        /// `type`.
        pub type_: ::core::option::Option<i64>,
        /// `valid`.
        pub valid: ::core::option::Option<Valid>,
        /// `option`.
        pub option: ::core::option::Option<Option>,
        /// `record`.
        pub record: ::core::option::Option<Record_>,
        /// `lead-1`.
        pub lead_1: ::core::option::Option<Lead1>,
        /// `lead1`.
        pub lead1: ::core::option::Option<Lead1_>,
        /// `all`.
        pub all: ::core::option::Option<[u64; 64]>,
        /// It ends here * / and "there" \, -5 to 5.
        pub one: ::core::option::Option<[i8; 1]>,
        /// `int`, -2147483648 to 2147483647.
        pub int_: ::core::option::Option<i32>,
    }

    impl Typed for Record {
        const NAME: &'static str = "default";
        const SCHEMA: &'static str = "\
self u64\n\
type i64 unit=1\n\
valid u8 enum=self,none,some,option\n\
option u16 enum=some\n\
record u8 enum=a-1,a1\n\
lead-1 u8 enum=off\n\
lead1 u8 enum=off\n\
all u64[64]\n\
one i8[1] range=-5..5\n\
int i32 range=-2147483648..2147483647\n\
";
        const PACE: Pace = Pace::Periodic { period_ns: 10000000, deadline_ns: 150000000 };

        fn read(record: &::cordon_channel::Record) -> Self {
            Self {
                self_: typed::value(record, 0),
                type_: typed::value(record, 1),
                valid: typed::value(record, 2),
                option: typed::value(record, 3),
                record: typed::value(record, 4),
                lead_1: typed::value(record, 5),
                lead1: typed::value(record, 6),
                all: typed::array(record, 7),
                one: typed::array(record, 8),
                int_: typed::value(record, 9),
            }
        }

        fn fill(&self, record: &mut ::cordon_channel::Record) -> ::core::result::Result<(), ValueError> {
            typed::set(record, 0, self.self_)?;
            typed::set(record, 1, self.type_)?;
            typed::set(record, 2, self.valid)?;
            typed::set(record, 3, self.option)?;
            typed::set(record, 4, self.record)?;
            typed::set(record, 5, self.lead_1)?;
            typed::set(record, 6, self.lead1)?;
            typed::set_array(record, 7, self.all.as_ref())?;
            typed::set_array(record, 8, self.one.as_ref())?;
            typed::set(record, 9, self.int_)?;
            ::core::result::Result::Ok(())
        }
    }

    /// `valid`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Valid {
        /// `self`.
        Self_ = 0,
        /// `none`.
        None = 1,
        /// `some`.
        Some = 2,
        /// `option`.
        Option = 3,
    }

    impl ::core::convert::TryFrom<i128> for Valid {
        type Error = i128;

        fn try_from(value: i128) -> ::core::result::Result<Self, i128> {
            match value {
                0 => ::core::result::Result::Ok(Self::Self_),
                1 => ::core::result::Result::Ok(Self::None),
                2 => ::core::result::Result::Ok(Self::Some),
                3 => ::core::result::Result::Ok(Self::Option),
                other => ::core::result::Result::Err(other),
            }
        }
    }

    impl ::core::convert::From<Valid> for i128 {
        fn from(value: Valid) -> Self {
            value as Self
        }
    }

    /// `option`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Option {
        /// `some`.
        Some = 0,
    }

    impl ::core::convert::TryFrom<i128> for Option {
        type Error = i128;

        fn try_from(value: i128) -> ::core::result::Result<Self, i128> {
            match value {
                0 => ::core::result::Result::Ok(Self::Some),
                other => ::core::result::Result::Err(other),
            }
        }
    }

    impl ::core::convert::From<Option> for i128 {
        fn from(value: Option) -> Self {
            value as Self
        }
    }

    /// `record`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Record_ {
        /// `a-1`.
        A1 = 0,
        /// `a1`.
        A1_ = 1,
    }

    impl ::core::convert::TryFrom<i128> for Record_ {
        type Error = i128;

        fn try_from(value: i128) -> ::core::result::Result<Self, i128> {
            match value {
                0 => ::core::result::Result::Ok(Self::A1),
                1 => ::core::result::Result::Ok(Self::A1_),
                other => ::core::result::Result::Err(other),
            }
        }
    }

    impl ::core::convert::From<Record_> for i128 {
        fn from(value: Record_) -> Self {
            value as Self
        }
    }

    /// `lead-1`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Lead1 {
        /// `off`.
        Off = 0,
    }

    impl ::core::convert::TryFrom<i128> for Lead1 {
        type Error = i128;

        fn try_from(value: i128) -> ::core::result::Result<Self, i128> {
            match value {
                0 => ::core::result::Result::Ok(Self::Off),
                other => ::core::result::Result::Err(other),
            }
        }
    }

    impl ::core::convert::From<Lead1> for i128 {
        fn from(value: Lead1) -> Self {
            value as Self
        }
    }

    /// `lead1`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Lead1_ {
        /// `off`.
        Off = 0,
    }

    impl ::core::convert::TryFrom<i128> for Lead1_ {
        type Error = i128;

        fn try_from(value: i128) -> ::core::result::Result<Self, i128> {
            match value {
                0 => ::core::result::Result::Ok(Self::Off),
                other => ::core::result::Result::Err(other),
            }
        }
    }

    impl ::core::convert::From<Lead1_> for i128 {
        fn from(value: Lead1_) -> Self {
            value as Self
        }
    }

    /// Name, unit and range of each field.
    pub mod fields {
        use super::FieldFacts;

        /// `self`.
        pub const SELF: FieldFacts = FieldFacts { name: "self", unit: ::core::option::Option::None, low: 0, high: 18446744073709551615, elements: 1 };

        /// `type`.
        pub const TYPE: FieldFacts = FieldFacts { name: "type", unit: ::core::option::Option::Some("1"), low: -9223372036854775808, high: 9223372036854775807, elements: 1 };

        /// `valid`.
        pub const VALID: FieldFacts = FieldFacts { name: "valid", unit: ::core::option::Option::None, low: 0, high: 3, elements: 1 };

        /// `option`.
        pub const OPTION: FieldFacts = FieldFacts { name: "option", unit: ::core::option::Option::None, low: 0, high: 0, elements: 1 };

        /// `record`.
        pub const RECORD: FieldFacts = FieldFacts { name: "record", unit: ::core::option::Option::None, low: 0, high: 1, elements: 1 };

        /// `lead-1`.
        pub const LEAD_1: FieldFacts = FieldFacts { name: "lead-1", unit: ::core::option::Option::None, low: 0, high: 0, elements: 1 };

        /// `lead1`.
        pub const LEAD1: FieldFacts = FieldFacts { name: "lead1", unit: ::core::option::Option::None, low: 0, high: 0, elements: 1 };

        /// `all`.
        pub const ALL: FieldFacts = FieldFacts { name: "all", unit: ::core::option::Option::None, low: 0, high: 9223372036854775807, elements: 64 };

        /// It ends here * / and "there" \, -5 to 5.
        pub const ONE: FieldFacts = FieldFacts { name: "one", unit: ::core::option::Option::None, low: -5, high: 5, elements: 1 };

        /// `int`, -2147483648 to 2147483647.
        pub const INT: FieldFacts = FieldFacts { name: "int", unit: ::core::option::Option::None, low: -2147483648, high: 2147483647, elements: 1 };
    }
}

/// Channel `name`, writer to reader: at most 5 in 1 s.
#[rustfmt::skip]
#[allow(dead_code, reason = "a program uses a part")]
pub mod name {
    use ::cordon_channel::typed::{self, FieldFacts, Typed};
    use ::cordon_channel::{Pace, ValueError};

    /// One record; a field without a value is drawn as `---`.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Record {
        /// `name`.
        pub name: ::core::option::Option<u32>,
    }

    impl Typed for Record {
        const NAME: &'static str = "name";
        const SCHEMA: &'static str = "\
name u32\n\
";
        const PACE: Pace = Pace::Sporadic { records: 5, per_ns: 1000000000 };

        fn read(record: &::cordon_channel::Record) -> Self {
            Self {
                name: typed::value(record, 0),
            }
        }

        fn fill(&self, record: &mut ::cordon_channel::Record) -> ::core::result::Result<(), ValueError> {
            typed::set(record, 0, self.name)?;
            ::core::result::Result::Ok(())
        }
    }

    /// Name, unit and range of each field.
    pub mod fields {
        use super::FieldFacts;

        /// `name`.
        pub const NAME: FieldFacts = FieldFacts { name: "name", unit: ::core::option::Option::None, low: 0, high: 4294967295, elements: 1 };
    }
}
