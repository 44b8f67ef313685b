//! From a text to a tree.

use super::{Condition, Direction, Literal, Operator, Query, QueryError};

impl Query {
    /// Parses a query.
    ///
    /// # Errors
    /// [`QueryError`]: too long, too deep, or not of this language.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        if text.len() > MAX_BYTES {
            return Err(QueryError::TooLong { limit: MAX_BYTES, found: text.len() });
        }
        let mut words = Words { text, at: 0 };
        let view = words.name("a view")?;
        let condition = if words.takes("where") { Some(words.any(0)?) } else { None };
        let mut order = None;
        if words.takes("order") {
            words.require("by", "\"by\"")?;
            let column = words.name("a column")?;
            let direction = if words.takes("desc") { Direction::Descending } else { Direction::Ascending };
            order = Some((column, direction));
        }
        let limit = if words.takes("limit") { Some(words.count()?) } else { None };
        match words.next()? {
            Token { text: "", .. } => Ok(Self { view, condition, order, limit }),
            rest => Err(rest.unexpected("the end")),
        }
    }
}

/// The rest of a text, word by word.
struct Words<'a> {
    text: &'a str,
    at: usize,
}

#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    text: &'a str,
    at: usize,
}

impl Token<'_> {
    fn unexpected(self, expected: &'static str) -> QueryError {
        QueryError::Unexpected { expected, found: self.text.chars().take(32).collect(), at: self.at }
    }

    fn is_name(self) -> bool {
        self.text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
    }
}

impl<'a> Words<'a> {
    fn any(&mut self, depth: usize) -> Result<Condition, QueryError> {
        let mut any = vec![self.all(depth)?];
        while self.takes("or") {
            any.push(self.all(depth)?);
        }
        Ok(only(any, Condition::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Condition, QueryError> {
        let mut all = vec![self.one(depth)?];
        while self.takes("and") {
            all.push(self.one(depth)?);
        }
        Ok(only(all, Condition::All))
    }

    fn one(&mut self, depth: usize) -> Result<Condition, QueryError> {
        if depth >= MAX_DEPTH {
            return Err(QueryError::TooDeep { limit: MAX_DEPTH });
        }
        if self.takes("not") {
            return Ok(Condition::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.takes("(") {
            let condition = self.any(depth + 1)?;
            self.require(")", "\")\"")?;
            return Ok(condition);
        }
        let column = self.name("a column")?;
        self.test(column)
    }

    fn test(&mut self, column: String) -> Result<Condition, QueryError> {
        let token = self.next()?;
        let operator = match token.text.to_ascii_lowercase().as_str() {
            "=" => Operator::Equal,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::More,
            ">=" => Operator::MoreOrEqual,
            "!=" => Operator::NotEqual,
            "in" => return self.list(column),
            "is" => {
                let negated = self.takes("not");
                self.require("null", "\"null\"")?;
                let is_null = Condition::IsNull { column };
                return Ok(if negated { Condition::Not(Box::new(is_null)) } else { is_null });
            }
            _ => return Err(token.unexpected("a comparison")),
        };
        Ok(Condition::Compare { column, operator, value: self.value()? })
    }

    fn list(&mut self, column: String) -> Result<Condition, QueryError> {
        self.require("(", "\"(\"")?;
        let mut values = vec![self.value()?];
        while self.takes(",") {
            values.push(self.value()?);
        }
        self.require(")", "\")\"")?;
        Ok(Condition::In { column, values })
    }

    fn value(&mut self) -> Result<Literal, QueryError> {
        let token = self.next()?;
        if let Some(text) = token.text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
            return Ok(Literal::Text(text.replace("''", "'")));
        }
        let is_number = token.text.starts_with(|first: char| first.is_ascii_digit() || first == '-');
        let whole = token.text.parse().ok().map(Literal::Integer);
        let real = || token.text.parse().ok().filter(|real: &f64| real.is_finite()).map(Literal::Real);
        whole.or_else(real).filter(|_| is_number).ok_or_else(|| token.unexpected("a text or a number"))
    }

    fn count(&mut self) -> Result<u32, QueryError> {
        let token = self.next()?;
        let count = token.text.parse().ok();
        count.filter(|count| *count > 0).ok_or_else(|| token.unexpected("a count"))
    }

    fn name(&mut self, expected: &'static str) -> Result<String, QueryError> {
        let token = self.next()?;
        if token.is_name() { Ok(token.text.to_owned()) } else { Err(token.unexpected(expected)) }
    }

    fn require(&mut self, word: &str, expected: &'static str) -> Result<(), QueryError> {
        let token = self.next()?;
        if token.text.eq_ignore_ascii_case(word) { Ok(()) } else { Err(token.unexpected(expected)) }
    }

    /// Steps over a word, if it comes next.
    fn takes(&mut self, word: &str) -> bool {
        let before = self.at;
        let is_next = self.next().is_ok_and(|token| token.text.eq_ignore_ascii_case(word));
        if !is_next {
            self.at = before;
        }
        is_next
    }

    /// The next word: a name, a number, a quoted text with its quotes, or a sign. Empty at the end.
    fn next(&mut self) -> Result<Token<'a>, QueryError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let word = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let at = self.text.len() - word.len();
        let length = match word.chars().next() {
            None => 0,
            Some('\'') => quoted_length(word).ok_or(QueryError::Unexpected {
                expected: "a closing quote",
                found: String::new(),
                at: self.text.len(),
            })?,
            Some('<' | '>' | '!') if word.get(1..2) == Some("=") => 2,
            Some(first) if is_word(first) || first == '-' => {
                let end = word.char_indices().skip(1).find(|(_, next)| !is_word(*next));
                end.map_or(word.len(), |(end, _)| end)
            }
            Some(first) => first.len_utf8(),
        };
        self.at = at + length;
        Ok(Token { text: word.get(..length).unwrap_or_default(), at })
    }
}

/// Letters, digits, underscore, and the point of numbers.
fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '.'
}

/// Length of the quoted text at the start, with its quotes; two quotes within stand for one.
fn quoted_length(text: &str) -> Option<usize> {
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == '\'' && letters.next_if(|(_, next)| *next == '\'').is_none() {
            return Some(at + 1);
        }
    }
    None
}

/// The only one, or all of them together.
fn only(mut conditions: Vec<Condition>, together: fn(Vec<Condition>) -> Condition) -> Condition {
    match conditions.pop() {
        Some(one) if conditions.is_empty() => one,
        last => {
            conditions.extend(last);
            together(conditions)
        }
    }
}

/// The longest query.
const MAX_BYTES: usize = 4096;
/// The deepest conditions.
const MAX_DEPTH: usize = 16;
