//! How a mail looks: as text, and as HTML that every mail program shows. The HTML has tables and inline styles. It has
//! no image and no script, and loads nothing from elsewhere.

use std::fmt::Write as _;

use crate::domain::shown::{Field, html as escaped};

/// A part of a mail.
pub enum Part {
    Head(String),
    Title(String),
    Facts(Vec<(&'static str, String)>),
    Text(String),
    Fields(Vec<Field>),
    /// Lines, each with a remark.
    List(Vec<(String, String)>),
    Buttons(Vec<Button>),
}

/// A link that looks like a button.
pub struct Button {
    words: &'static str,
    url: String,
    /// The colours of its ground, its edge and its letters.
    colours: [&'static str; 3],
}

impl Button {
    pub fn good(words: &'static str, url: String) -> Self {
        Self { words, url, colours: ["#13713e", "#13713e", "#ffffff"] }
    }

    pub fn bad(words: &'static str, url: String) -> Self {
        Self { words, url, colours: ["#ffffff", "#b02c20", "#a6291e"] }
    }

    pub fn plain(words: &'static str, url: String) -> Self {
        Self { words, url, colours: ["#ffffff", "#838c96", "#2247a6"] }
    }
}

/// Why the reader gets the mail.
const WHY: &str = "You get this because a request names you, or because you may decide what it asks.";

// Writing to a string can't fail, so its result is dropped here.

/// The mail as text. `settings`: the page where the reader chooses how they are told.
pub fn text(parts: &[Part], settings: &str) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Head(it) | Part::Title(it) | Part::Text(it) => {
                let _ = writeln!(text, "{it}");
            }
            Part::Facts(facts) => {
                for (name, it) in facts {
                    let _ = writeln!(text, "{:<10} {it}", format!("{name}:"));
                }
            }
            Part::Fields(fields) => {
                for Field { name, value } in fields {
                    let _ = writeln!(text, "  {name}: {value}");
                }
            }
            Part::List(lines) => {
                for (line, more) in lines {
                    let _ = writeln!(text, "- {line} ({more})");
                }
            }
            Part::Buttons(buttons) => {
                for Button { words, url, .. } in buttons {
                    let _ = writeln!(text, "{words}:\n{url}");
                }
            }
        }
        text.push('\n');
    }
    let _ = writeln!(text, "-- \n{WHY}");
    let _ = writeln!(text, "How you are told: {settings}");
    text
}

const SANS: &str = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif";
const MONO: &str = "font-family:ui-monospace,Menlo,Consolas,'Liberation Mono',monospace";

/// The mail as HTML.
pub fn html(parts: &[Part], settings: &str) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light\"><title>Signoff</title></head>\
         <body style=\"margin:0;padding:0;background:#f4f5f7\"><table role=\"presentation\" width=\"100%\" \
         cellpadding=\"0\" cellspacing=\"0\" style=\"background:#f4f5f7\"><tr><td align=\"center\" \
         style=\"padding:24px 12px\"><table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" \
         style=\"max-width:600px;background:#ffffff;border:1px solid #e0e4e8;border-radius:6px;{SANS};\
         font-size:15px;line-height:1.5;color:#14181c;text-align:left\"><tr><td style=\"padding:14px 24px;\
         border-bottom:1px solid #e0e4e8;font-weight:650;color:#2247a6\">Signoff</td></tr>\
         <tr><td style=\"padding:20px 24px 24px\">"
    );
    for part in parts {
        write_part(&mut html, part);
    }
    let _ = write!(
        html,
        "</td></tr><tr><td style=\"padding:12px 24px;border-top:1px solid #e0e4e8;font-size:12px;color:#5d6771\">{WHY}"
    );
    let _ = write!(
        html,
        " <a href=\"{}\" style=\"color:#2247a6\">Choose how you are told</a>.",
        escaped(settings)
    );
    html.push_str("</td></tr></table></td></tr></table></body></html>");
    html
}

fn write_part(html: &mut String, part: &Part) {
    let _ = match part {
        Part::Head(it) => {
            write!(html, "<p style=\"margin:0 0 6px;color:#46505a\">{}</p>", escaped(it))
        }
        Part::Title(it) => write!(
            html,
            "<h1 style=\"margin:0 0 14px;font-size:20px;line-height:1.25;font-weight:650;word-break:break-word\">{}</h1>",
            escaped(it)
        ),
        Part::Text(it) => write!(
            html,
            "<pre style=\"margin:16px 0 0;white-space:pre-wrap;word-break:break-word;{SANS};font-size:15px\">{}</pre>",
            escaped(it)
        ),
        Part::Facts(facts) => {
            html.push_str(
                "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" style=\"font-size:14px\">",
            );
            for (name, it) in facts {
                let _ = write!(
                    html,
                    "<tr><td style=\"padding:2px 18px 2px 0;color:#5d6771;vertical-align:top\">{name}</td>\
                     <td style=\"padding:2px 0;word-break:break-word\">{}</td></tr>",
                    escaped(it)
                );
            }
            write!(html, "</table>")
        }
        Part::Fields(fields) => {
            let lines: Vec<String> = fields
                .iter()
                .map(|Field { name, value }| {
                    format!("<span style=\"color:#5d6771\">{}:</span> {}", escaped(name), escaped(value))
                })
                .collect();
            write!(
                html,
                "<pre style=\"margin:16px 0 0;padding:10px 12px;background:#f0f2f4;border-radius:4px;\
                 white-space:pre-wrap;word-break:break-word;{MONO};font-size:13px;line-height:1.5\">{}</pre>",
                lines.join("\n")
            )
        }
        Part::List(lines) => {
            html.push_str("<ul style=\"margin:0;padding:0 0 0 20px\">");
            for (line, more) in lines {
                let _ = write!(
                    html,
                    "<li style=\"margin:0 0 6px;word-break:break-word\">{} <span style=\"color:#5d6771;\
                     font-size:13px\">{}</span></li>",
                    escaped(line),
                    escaped(more)
                );
            }
            write!(html, "</ul>")
        }
        Part::Buttons(buttons) => {
            html.push_str("<p style=\"margin:20px 0 0\">");
            for Button { words, url, colours: [ground, edge, ink] } in buttons {
                let _ = write!(
                    html,
                    "<a href=\"{}\" style=\"display:inline-block;margin:0 8px 8px 0;padding:9px 16px;border-radius:6px;\
                     border:1px solid {edge};background:{ground};color:{ink};font-weight:600;text-decoration:none\">{words}</a>",
                    escaped(url)
                );
            }
            write!(html, "</p>")
        }
    };
}
