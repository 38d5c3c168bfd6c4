//! Values of metrics: an atomic per series, found by index.

use std::{
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use prometheus_client::{
    encoding::{EncodeLabel, EncodeLabelSet, EncodeMetric, LabelSetEncoder, MetricEncoder, NoLabelSet},
    metrics::MetricType,
};

use super::labels::Labels;

/// Counters that only grow, one per value of `L`.
#[derive(Clone, Debug)]
pub struct Counters<L>(Values<L>);

/// Gauges that go up and down, one per value of `L`.
#[derive(Clone, Debug)]
pub struct Gauges<L>(Values<L>);

#[derive(Clone, Debug)]
struct Values<L> {
    values: Arc<[AtomicU64]>,
    labels: PhantomData<L>,
}

impl<L: Labels> Values<L> {
    fn new() -> Self {
        Self { values: L::ALL.iter().map(|_| AtomicU64::new(0)).collect(), labels: PhantomData }
    }

    fn at(&self, label: L) -> &AtomicU64 {
        &self.values[label.index()]
    }

    fn encode(
        &self,
        mut encoder: MetricEncoder<'_>,
        write: fn(&mut MetricEncoder<'_>, u64) -> std::fmt::Result,
    ) -> std::fmt::Result {
        for label in L::ALL {
            let value = self.at(*label).load(Relaxed);
            if L::KEYS.is_empty() {
                write(&mut encoder, value)?;
            } else {
                write(&mut encoder.encode_family(&Pairs(*label))?, value)?;
            }
        }
        Ok(())
    }
}

/// The names and values of one label.
struct Pairs<L>(L);

impl<L: Labels> EncodeLabelSet for Pairs<L> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> std::fmt::Result {
        for pair in L::KEYS.iter().zip(self.0.values()) {
            EncodeLabel::encode(&(*pair.0, *pair.1), encoder.encode_label())?;
        }
        Ok(())
    }
}

impl<L: Labels> Counters<L> {
    pub(super) fn new() -> Self {
        Self(Values::new())
    }

    /// Counts `more` events.
    pub fn add(&self, label: L, more: u64) {
        self.0.at(label).fetch_add(more, Relaxed);
    }

    /// Copies in what is counted elsewhere. The source only grows; a label is either set or added to.
    pub fn set(&self, label: L, total: u64) {
        self.0.at(label).store(total, Relaxed);
    }

    /// The count.
    pub fn get(&self, label: L) -> u64 {
        self.0.at(label).load(Relaxed)
    }
}

impl<L: Labels> Gauges<L> {
    pub(super) fn new() -> Self {
        Self(Values::new())
    }

    /// Sets the value.
    pub fn set(&self, label: L, value: u64) {
        self.0.at(label).store(value, Relaxed);
    }

    /// Adds one.
    pub fn raise(&self, label: L) {
        self.0.at(label).fetch_add(1, Relaxed);
    }

    /// Takes one away that was added.
    pub fn lower(&self, label: L) {
        self.0.at(label).fetch_sub(1, Relaxed);
    }

    /// Adds one until the guard is dropped.
    pub fn enter(&self, label: L) -> Entered<L> {
        self.0.at(label).fetch_add(1, Relaxed);
        Entered { gauges: self.clone(), label }
    }

    /// The value.
    pub fn get(&self, label: L) -> u64 {
        self.0.at(label).load(Relaxed)
    }
}

/// One in a gauge, for as long as it lives.
#[derive(Debug)]
pub struct Entered<L: Labels> {
    gauges: Gauges<L>,
    label: L,
}

impl<L: Labels> Drop for Entered<L> {
    fn drop(&mut self) {
        self.gauges.0.at(self.label).fetch_sub(1, Relaxed);
    }
}

impl<L: Labels> EncodeMetric for Counters<L> {
    fn encode(&self, encoder: MetricEncoder<'_>) -> std::fmt::Result {
        self.0.encode(encoder, |encoder, value| encoder.encode_counter::<NoLabelSet, _, u64>(&value, None))
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}

impl<L: Labels> EncodeMetric for Gauges<L> {
    fn encode(&self, encoder: MetricEncoder<'_>) -> std::fmt::Result {
        self.0.encode(encoder, |encoder, value| encoder.encode_gauge(&value))
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }
}

/// A counter of seconds that is set from elsewhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Seconds(Arc<AtomicU64>);

impl Seconds {
    pub(super) fn set(&self, seconds: f64) {
        self.0.store(seconds.to_bits(), Relaxed);
    }
}

impl EncodeMetric for Seconds {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> std::fmt::Result {
        let seconds = f64::from_bits(self.0.load(Relaxed));
        encoder.encode_counter::<NoLabelSet, _, u64>(&seconds, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}
