//! Structured logs on standard error.
//!
//! A failure is logged once, where it is handled, with ids as fields. Secrets are in no field: keys are held
//! in types that don't print. Fields may hold what callers wrote, so each is made fit for a terminal, and
//! an event is one line.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
};

use anyhow::Context;
use tracing::{Subscriber, field::Field};
use tracing_subscriber::{
    EnvFilter, Layer,
    field::MakeExt,
    fmt::{
        MakeWriter,
        format::{Writer, debug_fn},
    },
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::{config::LogFormat, domain::legible};

/// Starts logging for the process. `level` is a `tracing` filter: `info`, or `info,signoff=debug`.
pub fn init_logs(level: &str, format: LogFormat) -> anyhow::Result<()> {
    let filter = filter(level).with_context(|| format!("log.level {level:?} is no filter"))?;
    let layer = layer(format, io::stderr().is_terminal(), io::stderr);
    tracing_subscriber::registry().with(filter).with(layer).try_init()?;
    Ok(())
}

/// Without what the library of MCP says: it logs each request, with all that its client has sent.
fn filter(level: &str) -> anyhow::Result<EnvFilter> {
    let filter = EnvFilter::try_new(level)?;
    Ok(if level.contains("rmcp") { filter } else { filter.add_directive("rmcp=off".parse()?) })
}

fn layer<S, W, F>(format: LogFormat, is_terminal: bool, sink: F) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Write,
    F: Fn() -> W + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().with_ansi(is_terminal);
    match format {
        LogFormat::Text => layer.fmt_fields(debug_fn(field).delimited(" ")).with_writer(sink).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_writer(Legible(sink)).boxed(),
    }
}

/// A field in text. The formatter's own escapes, for colours, are outside of fields.
fn field(out: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    let value = format!("{value:?}");
    match field.name() {
        "message" => write!(out, "{}", legible::line(&value)),
        // Where an event of the `log` crate is from; the formatter tells that.
        name if name.starts_with("log.") => Ok(()),
        name => write!(out, "{name}={}", legible::line(&value)),
    }
}

/// Makes writers for JSON, which get each event as a whole.
struct Legible<F>(F);

struct Line<W>(W);

impl<'a, W: Write, F: Fn() -> W> MakeWriter<'a> for Legible<F> {
    type Writer = Line<W>;

    fn make_writer(&'a self) -> Line<W> {
        Line((self.0)())
    }
}

impl<W: Write> Write for Line<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        self.0.write_all(legible::json(&text).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What an event becomes whose fields are a caller's, in each way that a field can be given.
    fn logged(format: LogFormat, is_terminal: bool, text: &str) -> String {
        let sink = Sink::default();
        let layer = layer(format, is_terminal, {
            let sink = sink.clone();
            move || sink.clone()
        });
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(plain = text, shown = %text, debug = ?text, "{text}");
        });
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn no_caller_writes_a_line_of_the_log() {
        let forged = "x\n2026-11-21T12:00:00Z  WARN signoff: forged\r\u{202e}\u{9b}2J\u{1b}]0;t\u{7}";
        for is_terminal in [false, true] {
            let text = logged(LogFormat::Text, is_terminal, forged);
            assert_eq!(text.matches('\n').count(), 1, "{text:?}");
            assert!(!text.contains(['\r', '\u{202e}', '\u{9b}', '\u{7}']), "{text:?}");
            assert!(!text.contains("\u{1b}]") && text.contains("shown=x\\n2026"), "{text:?}");
            assert_eq!(text.contains('\u{1b}'), is_terminal, "{text:?}");
        }
        let json = logged(LogFormat::Json, false, forged);
        assert_eq!(json.matches('\n').count(), 1, "{json:?}");
        assert!(!json.contains(['\u{202e}', '\u{9b}', '\u{1b}']), "{json:?}");
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&value["plain"], &value["message"]), (&forged.into(), &forged.into()));
    }

    #[test]
    fn the_library_of_mcp_is_silent_unless_it_is_asked_for() {
        for (level, silent) in [("info", true), ("debug,signoff=trace", true), ("info,rmcp=debug", false)] {
            assert_eq!(filter(level).unwrap().to_string().contains("rmcp=off"), silent, "{level}");
        }
    }
}
