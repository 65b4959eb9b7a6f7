//! The history as CSV (RFC 4180): a line for each approval, for people's spreadsheets.
//!
//! A spreadsheet takes a cell that begins like a formula for one, and runs it. What people wrote is kept from that by
//! an apostrophe before it.

use ::csv::{Terminator, WriterBuilder};
use chrono::{DateTime, SecondsFormat, Utc};

use crate::store::export::Line;

/// The columns, in their order. New ones come at the end.
const COLUMNS: [&str; 23] = [
    "id",
    "run_id",
    "session_id",
    "task_id",
    "job_id",
    "approval_type",
    "title",
    "status",
    "resolution",
    "resolved_via",
    "requested_by",
    "requested_by_id",
    "resolved_by",
    "resolved_by_id",
    "approved_by",
    "rejected_by",
    "feedback",
    "comment",
    "created_at",
    "expires_at",
    "resolved_at",
    "resolved_for",
    "workflow",
];

/// Whom the file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// UTF-8 as it is, times as in JSON.
    Program,
    /// A byte order mark, without which some take UTF-8 for something else, and times that they take for times.
    Spreadsheet,
}

/// What the file begins with, and the line that names the columns.
pub fn head(reader: Reader) -> Vec<u8> {
    let mark = match reader {
        Reader::Program => "",
        Reader::Spreadsheet => "\u{feff}",
    };
    [mark.as_bytes(), &write([COLUMNS.map(str::to_owned)])].concat()
}

/// The lines of some approvals.
pub fn lines(lines: &[Line], reader: Reader) -> Vec<u8> {
    write(lines.iter().map(|line| cells(line, reader)))
}

#[expect(clippy::expect_used, reason = "writing to memory can't fail, and every record has all columns")]
fn write(records: impl IntoIterator<Item = [String; COLUMNS.len()]>) -> Vec<u8> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    for record in records {
        writer.write_record(record).expect("a record is written");
    }
    writer.into_inner().expect("the records are written")
}

fn cells(line: &Line, reader: Reader) -> [String; COLUMNS.len()] {
    let time = |at| time(at, reader);
    let text = |text: &str| defused(text, reader);
    let optional = |it: &Option<String>| it.as_deref().map_or_else(String::new, text);
    [
        line.id.to_string(),
        text(&line.run_id),
        optional(&line.session_id),
        text(&line.task_id),
        optional(&line.job_id),
        text(&line.approval_type),
        optional(&line.title),
        text(&line.status),
        optional(&line.resolution),
        optional(&line.resolved_via),
        text(&line.requested_by),
        line.requested_by_id.to_string(),
        optional(&line.resolved_by),
        line.resolved_by_id.map_or_else(String::new, |id| id.to_string()),
        optional(&line.approved_by),
        optional(&line.rejected_by),
        optional(&line.feedback),
        optional(&line.comment),
        time(line.created_at),
        time(line.expires_at),
        time(line.resolved_at),
        optional(&line.resolved_for),
        optional(&line.workflow),
    ]
}

/// In UTC.
fn time(time: DateTime<Utc>, reader: Reader) -> String {
    match reader {
        Reader::Program => time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        Reader::Spreadsheet => time.format("%Y-%m-%d %H:%M:%S").to_string(),
    }
}

/// With these a formula begins. Spreadsheets of some languages take full-width and small signs as well.
const SIGNS: [char; 13] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '−', '﹢', '﹣', '﹦', '﹫'];

/// In many countries spreadsheets separate cells by these, even in a file with commas. Such a spreadsheet finds a cell,
/// or a line, within a text.
const SEPARATORS: [char; 4] = [';', '\t', '\r', '\n'];

/// The same text, but never a formula, also not for those who drop what can't be seen in front of it.
fn defused(text: &str, reader: Reader) -> String {
    let begins_so = |text: &str| text.trim_start_matches(invisible).starts_with(SIGNS);
    let mut safe = String::with_capacity(text.len() + 1);
    if text.starts_with(char::is_control) || begins_so(text) {
        safe.push('\'');
    }
    match reader {
        Reader::Program => safe.push_str(text),
        Reader::Spreadsheet => {
            for (index, part) in text.split_inclusive(SEPARATORS).enumerate() {
                if index > 0 && begins_so(part.trim_start_matches('"')) {
                    safe.push('\'');
                }
                safe.push_str(part);
            }
        }
    }
    safe
}

fn invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn line(title: &str) -> Line {
        Line {
            id: Uuid::nil(),
            run_id: "-1+cmd".into(),
            session_id: None,
            task_id: "t".into(),
            job_id: None,
            approval_type: "tool_call".into(),
            title: Some(title.into()),
            status: "resolved".into(),
            resolution: Some("approved".into()),
            resolved_via: Some("human".into()),
            requested_by: "agent".into(),
            requested_by_id: Uuid::nil(),
            resolved_by: None,
            resolved_by_id: None,
            approved_by: Some("ana; bo".into()),
            rejected_by: None,
            feedback: None,
            comment: None,
            created_at: DateTime::UNIX_EPOCH,
            expires_at: DateTime::UNIX_EPOCH,
            resolved_at: DateTime::UNIX_EPOCH,
            resolved_for: None,
            workflow: None,
        }
    }

    fn read(bytes: &[u8]) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
        reader.records().map(|it| it.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn texts_survive_and_formulas_do_not() {
        for (title, cell) in [
            ("plain", "plain"),
            ("a,b", "a,b"),
            ("say \"hi\"", "say \"hi\""),
            ("two\r\nlines", "two\r\nlines"),
            ("ünïcode \u{1f600}", "ünïcode \u{1f600}"),
            ("=cmd|'/C calc'!A0", "'=cmd|'/C calc'!A0"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("\n=1", "'\n=1"),
            ("＝1", "'＝1"),
            ("−1", "'−1"),
            ("﹢1", "'﹢1"),
            (" =1", "' =1"),
            ("\u{a0}\u{3000}=1", "'\u{a0}\u{3000}=1"),
            ("\u{200b}\u{feff}@1", "'\u{200b}\u{feff}@1"),
            ("\u{b}=1", "'\u{b}=1"),
            (" a", " a"),
            (" ", " "),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            let whole =
                [head(Reader::Program), lines(&[line(title), line("next")], Reader::Program)].concat();
            let records = read(&whole);
            assert_eq!(records.len(), 3);
            assert_eq!(records[0], COLUMNS);
            assert_eq!(records[1][6], cell, "{title:?}");
            assert_eq!(records[1][1], "'-1+cmd", "names from callers, too");
            assert_eq!(records[2][6], "next");
            assert!(whole.ends_with(b"\r\n"));
        }
    }

    #[test]
    fn a_spreadsheet_that_separates_otherwise_finds_no_formula_within_a_text() {
        for (title, cell) in [
            ("a;=1+1", "a;'=1+1"),
            ("a; =1+1; -2", "a;' =1+1;' -2"),
            ("a\t@SUM(A1)", "a\t'@SUM(A1)"),
            ("two\r\n=1+1", "two\r\n'=1+1"),
            ("a;\"=1+1", "a;'\"=1+1"),
            ("=1;=2", "'=1;'=2"),
            ("a;b\r\nc = 1", "a;b\r\nc = 1"),
        ] {
            assert_eq!(read(&lines(&[line(title)], Reader::Spreadsheet))[0][6], cell, "{title:?}");
        }
        assert_eq!(read(&lines(&[line("a;=1+1")], Reader::Program))[0][6], "a;=1+1");
    }

    #[test]
    fn a_spreadsheet_gets_a_mark_and_times_that_it_reads() {
        let whole = [head(Reader::Spreadsheet), lines(&[line("ü")], Reader::Spreadsheet)].concat();
        let whole = whole.strip_prefix("\u{feff}".as_bytes()).expect("a byte order mark");
        let records = read(whole);
        assert_eq!(records[0], COLUMNS);
        assert_eq!((records[1][6].as_str(), records[1][18].as_str()), ("ü", "1970-01-01 00:00:00"));
        let plain = lines(&[line("ü")], Reader::Program);
        assert_eq!(read(&plain)[0][18], "1970-01-01T00:00:00Z");
    }
}
