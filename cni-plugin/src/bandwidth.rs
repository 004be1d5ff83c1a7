//! How fast a container may send and be sent to, by what a request and its
//! network say. Decides.
//!
//! | place | form | who puts it there |
//! |---|---|---|
//! | `bandwidth` of the network | as below | the operator |
//! | `bandwidth` of `runtimeConfig` | `ingressRate` or `IngressRate`, ... | CRI-O, podman; containerd |
//! | annotations of the pod | `kubernetes.io/ingress-bandwidth: 10M` | where the capability is not declared |
//!
//! Ingress is to the container. Where network and request both say something,
//! the stricter holds: a request does not get around its network's limit.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};
use tartan_model::{Limit, Limits};
use thiserror::Error;

use crate::quantity;

/// What containerd and CRI-O write as a burst that nobody chose
/// (`math.MaxUint32`).
const NO_BURST_CHOSEN: u64 = 4_294_967_295;

/// The annotations, for ingress and egress
/// (k8s.io/kubernetes/pkg/util/bandwidth).
const ANNOTATIONS: [&str; 2] =
    ["kubernetes.io/ingress-bandwidth", "kubernetes.io/egress-bandwidth"];

/// A limit that cannot be had.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum BandwidthError {
    /// `bandwidth` is no object.
    #[error("\"bandwidth\" of {place} is {value}, which is not an object")]
    Form {
        /// Where.
        place: Place,
        /// What is there.
        value: Value,
    },
    /// A value is no number of bits.
    #[error(
        "\"{key}\" of bandwidth of {place} is {value}, which is not a number \
         of bits"
    )]
    Number {
        /// Where.
        place: Place,
        /// Which key.
        key: String,
        /// Its value.
        value: Value,
    },
    /// One thing is said twice, differently.
    #[error(
        "\"{key}\" of bandwidth of {place} is {value}, which contradicts its \
         other spelling"
    )]
    Twice {
        /// Where.
        place: Place,
        /// Which key.
        key: String,
        /// Its value.
        value: Value,
    },
    /// A rate is out of bounds.
    #[error(
        "\"{key}\" of {place} asks for {rate} bit/s, which is not from {} to \
         {}",
        Limit::LEAST,
        Limit::GREATEST
    )]
    Rate {
        /// Where.
        place: Place,
        /// Which key.
        key: String,
        /// Its value.
        rate: u64,
    },
    /// A burst without a rate.
    #[error(
        "\"{key}Burst\" of bandwidth of {place} is {burst}, but \"{key}Rate\" \
         is not set"
    )]
    BurstAlone {
        /// Where.
        place: Place,
        /// `ingress` or `egress`.
        key: &'static str,
        /// The burst.
        burst: u64,
    },
    /// An annotation is no quantity.
    #[error(
        "annotation {key} is \"{text}\", which is not a quantity such as 10M"
    )]
    Quantity {
        /// Which annotation.
        key: &'static str,
        /// What it says.
        text: String,
    },
}

/// Where a limit is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The network's configuration.
    Network,
    /// `runtimeConfig`.
    Runtime,
    /// The annotations of the pod.
    Annotations,
}

/// What a request asks for: by the capability, else by annotations.
pub fn requested(
    capability: &Value,
    annotations: Option<&BTreeMap<String, String>>,
) -> Result<Limits, BandwidthError> {
    if !capability.is_null() {
        return written(Place::Runtime, capability);
    }
    let [ingress, egress] = ANNOTATIONS
        .map(|key| annotated(key, annotations.and_then(|all| all.get(key))));
    Ok(Limits { from_container: egress?, to_container: ingress? })
}

/// What `value` says, as the capability and the network's key write it.
pub fn written(place: Place, value: &Value) -> Result<Limits, BandwidthError> {
    if value.is_null() {
        return Ok(Limits::default());
    }
    let Some(object) = value.as_object() else {
        let value = value.clone();
        return Err(BandwidthError::Form { place, value });
    };
    let object = Written { place, object };
    Ok(Limits {
        from_container: object.limit("egress")?,
        to_container: object.limit("ingress")?,
    })
}

/// The object `bandwidth`.
struct Written<'a> {
    place: Place,
    object: &'a Map<String, Value>,
}

impl Written<'_> {
    /// The limit of a direction; a rate of 0 is none.
    fn limit(
        &self,
        key: &'static str,
    ) -> Result<Option<Limit>, BandwidthError> {
        let place = self.place;
        let rate_key = format!("{key}Rate");
        let rate = self.number(&rate_key)?;
        let burst = self.number(&format!("{key}Burst"))?;
        let burst = (burst != NO_BURST_CHOSEN && burst > 0).then_some(burst);
        match (rate, burst) {
            (0, None) => Ok(None),
            (0, Some(burst)) => {
                Err(BandwidthError::BurstAlone { place, key, burst })
            }
            (rate, burst) => {
                checked(place, &rate_key, rate)?;
                Ok(Some(Limit { rate, burst }))
            }
        }
    }

    /// A number under either spelling of its key; 0 where it is absent.
    fn number(&self, key: &str) -> Result<u64, BandwidthError> {
        let capital = capitalised(key);
        let mut found = None;
        for key in [key, capital.as_str()] {
            let Some(value) = self.object.get(key) else { continue };
            let place = self.place;
            let (key, value) = (key.to_owned(), value.clone());
            let nothing = value.is_null().then_some(0);
            let Some(number) = nothing.or_else(|| value.as_u64()) else {
                return Err(BandwidthError::Number { place, key, value });
            };
            if found.is_some_and(|other| other != number) {
                return Err(BandwidthError::Twice { place, key, value });
            }
            found = Some(number);
        }
        Ok(found.unwrap_or(0))
    }
}

fn capitalised(key: &str) -> String {
    let (first, rest) = key.split_at(1);
    format!("{}{rest}", first.to_ascii_uppercase())
}

fn annotated(
    key: &'static str,
    text: Option<&String>,
) -> Result<Option<Limit>, BandwidthError> {
    let Some(text) = text else { return Ok(None) };
    let rate = quantity::parse(text).ok_or_else(|| {
        BandwidthError::Quantity { key, text: text.chars().take(80).collect() }
    })?;
    checked(Place::Annotations, key, rate)?;
    Ok(Some(Limit { rate, burst: None }))
}

fn checked(place: Place, key: &str, rate: u64) -> Result<(), BandwidthError> {
    if (Limit::LEAST..=Limit::GREATEST).contains(&rate) {
        return Ok(());
    }
    Err(BandwidthError::Rate { place, key: key.to_owned(), rate })
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Network => "network config",
            Self::Runtime => "runtimeConfig",
            Self::Annotations => "the pod's annotations",
        })
    }
}

#[cfg(test)]
mod tests;
