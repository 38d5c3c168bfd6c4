//! What stands in the head of a page: Open Graph for those who show a card where its address is shared, and where
//! oEmbed (section 4, Discovery) is asked.

use std::fmt::Write;

use url::Url;

use super::Card;

/// Longest description, in characters; cards show less.
const DESCRIPTION_MAX: usize = 300;

/// Where the page says what it is called.
const TITLE: (&str, &str) = ("<title>", "</title>");

/// `page` with what `card` tells; as it is where it has no head. `own` is the page's address on this station.
pub(super) fn told(page: &str, card: &Card, own: &Url) -> String {
    let Some((before, rest)) = page.split_once(TITLE.0) else { return page.to_owned() };
    let Some((_, after)) = rest.split_once(TITLE.1) else { return page.to_owned() };
    let mut html = String::with_capacity(page.len() + 2048);
    html.push_str(before);
    let title = format!("{} · {}", card.title, card.host);
    put(&mut html, format_args!("<title>{}</title>", escaped(&title)));
    let mut property = |name: &str, value: &str| {
        put(&mut html, format_args!("<meta property=\"{name}\" content=\"{}\">", escaped(value)));
    };
    property("og:site_name", "OnAir");
    property("og:type", "music.radio_station");
    property("og:title", &card.title);
    property("og:url", own.as_str());
    let words = card.description.split_whitespace().collect::<Vec<_>>().join(" ");
    let description: String = words.chars().take(DESCRIPTION_MAX).collect();
    if !description.is_empty() {
        property("og:description", &description);
    }
    if let Some(image) = card.image.as_deref().and_then(|image| own.join(image).ok()) {
        property("og:image", image.as_str());
    }
    put(&mut html, format_args!("<meta name=\"twitter:card\" content=\"summary\">"));
    if !card.listed {
        put(&mut html, format_args!("<meta name=\"robots\" content=\"noindex\">"));
    }
    if let Ok(mut oembed) = own.join("/oembed") {
        oembed.query_pairs_mut().append_pair("url", own.as_str());
        put(
            &mut html,
            format_args!(
                "<link rel=\"alternate\" type=\"application/json+oembed\" href=\"{}\" title=\"{}\">",
                escaped(oembed.as_str()),
                escaped(&card.title)
            ),
        );
    }
    html.push_str(after);
    html
}

fn put(html: &mut String, line: std::fmt::Arguments<'_>) {
    html.write_fmt(line).expect("a String takes everything");
}

/// As text of an element and as the value of an attribute in double quotes.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(sign),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::Target;
    use super::*;

    const PAGE: &str =
        "<html><head><title>OnAir</title><script src=a.js></script></head><body></body></html>";

    fn card() -> Card {
        Card {
            target: Target::Broadcast("b1".into()),
            title: "Salt & \"Sugar\" <script>".into(),
            description: "One\n two ".into(),
            image: Some("/covers/c.jpg".into()),
            host: "Amy".into(),
            listed: true,
        }
    }

    fn own() -> Url {
        Url::parse("https://radio.example/b/b1").unwrap()
    }

    #[test]
    fn a_page_tells_what_it_shows_and_nothing_else_of_it_changes() {
        let html = told(PAGE, &card(), &own());
        assert!(
            html.starts_with("<html><head><title>Salt &amp; &quot;Sugar&quot; &lt;script&gt; · Amy</title>")
        );
        assert!(html.ends_with("<script src=a.js></script></head><body></body></html>"));
        assert_eq!(html.matches("<script").count(), 1, "what a host writes is text");
        for line in [
            "<meta property=\"og:title\" content=\"Salt &amp; &quot;Sugar&quot; &lt;script&gt;\">",
            "<meta property=\"og:description\" content=\"One two\">",
            "<meta property=\"og:image\" content=\"https://radio.example/covers/c.jpg\">",
            "href=\"https://radio.example/oembed?url=https%3A%2F%2Fradio.example%2Fb%2Fb1\"",
        ] {
            assert!(html.contains(line), "{line} in {html}");
        }
        assert!(!html.contains("noindex"));
        assert_eq!(told("no head", &card(), &own()), "no head");
    }

    #[test]
    fn what_is_not_listed_is_not_found_by_searching() {
        let html =
            told(PAGE, &Card { listed: false, image: None, description: String::new(), ..card() }, &own());
        assert!(html.contains("<meta name=\"robots\" content=\"noindex\">"));
        assert!(!html.contains("og:image") && !html.contains("og:description"));
    }
}
