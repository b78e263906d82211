//! The Plan's channels in the channel crate's terms.

use cordon_channel::hub::Link;
use cordon_channel::{Pace, Schema, SchemaError};
use cordon_manifest::plan::{self, Channel};

/// Every channel of the plan.
pub fn links(channels: &[Channel]) -> Result<Vec<Link>, SchemaError> {
    channels.iter().map(link).collect()
}

fn link(channel: &Channel) -> Result<Link, SchemaError> {
    let pace = match channel.pace.value {
        plan::Pace::Periodic { period, deadline } => Pace::Periodic {
            period_ns: period,
            deadline_ns: deadline,
        },
        plan::Pace::Sporadic { records, per } => Pace::Sporadic {
            records,
            per_ns: per,
        },
    };
    Ok(Link {
        name: channel.name.clone(),
        schema: Schema::parse(&channel.schema())?,
        pace,
        from: channel.from.value.clone(),
        to: channel.to.iter().map(|to| to.value.clone()).collect(),
    })
}
