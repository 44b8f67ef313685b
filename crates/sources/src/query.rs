//! The query language: which rows of one view, in which order, and how many.
//!
//! ```text
//! query     = view [ "where" any ] [ "order" "by" column [ "desc" ] ] [ "limit" number ]
//! any       = all { "or" all }
//! all       = one { "and" one }
//! one       = "not" one | "(" any ")" | column test
//! test      = ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
//!           | "in" "(" value { "," value } ")"
//!           | "is" [ "not" ] "null"
//! value     = 'text, with '' for a quote' | number
//! ```
//!
//! A query is parsed into a tree and the tree is compiled: names are looked up in the mapping, values become bound
//! parameters, and the first condition is always whose rows are meant. There is no way to say anything else: no function,
//! no second statement, no other table.

use lightclient::Fault;

use crate::mapping::{ColumnType, View};

mod parse;

/// What a query says.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The view.
    pub view: String,
    /// Which rows; all if absent.
    condition: Option<Condition>,
    /// The column to sort by, and how.
    order: Option<(String, Direction)>,
    /// How many rows at the most.
    limit: Option<u32>,
}

#[derive(Debug, Clone, PartialEq)]
enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    Compare { column: String, operator: Operator, value: Literal },
    In { column: String, values: Vec<Literal> },
    IsNull { column: String },
    Not(Box<Self>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Ascending,
    Descending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
    NotEqual,
}

#[derive(Debug, Clone, PartialEq)]
enum Literal {
    Integer(i64),
    Real(f64),
    Text(String),
}

/// SQL and what is bound to it, the patient first.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Names from the mapping and `?` only.
    pub(crate) sql: String,
    pub(crate) parameters: Vec<Parameter>,
}

/// A bound value.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameter {
    /// A whole number.
    Integer(i64),
    /// Another number.
    Real(f64),
    /// A text.
    Text(String),
}

impl Query {
    /// Compiles the query for one patient, whose id comes from wherever it was verified.
    ///
    /// # Errors
    /// [`QueryError`]: another view, a column that the view does not declare, a value of another type.
    pub fn compile(&self, view: &View, patient: &str) -> Result<Statement, QueryError> {
        if self.view != view.name {
            return Err(QueryError::View { expected: view.name.clone(), found: self.view.clone() });
        }
        let mut sql = Sql { view, text: String::new(), parameters: Vec::new() };
        let columns: Vec<String> = view.columns.keys().map(|column| quoted(column)).collect();
        sql.push(&format!("SELECT {} FROM {} WHERE ", columns.join(", "), quoted(&view.table)));
        sql.patient(patient);
        if let Some(condition) = &self.condition {
            sql.push(" AND (");
            sql.condition(condition)?;
            sql.push(")");
        }
        if let Some((column, direction)) = &self.order {
            let (column, _) = sql.column(column)?;
            let word = if *direction == Direction::Descending { "DESC" } else { "ASC" };
            sql.push(&format!(" ORDER BY {} {word}", quoted(&column)));
        }
        if let Some(limit) = self.limit {
            sql.push(" LIMIT ");
            sql.bind(Parameter::Integer(limit.into()));
        }
        Ok(Statement { sql: sql.text, parameters: sql.parameters })
    }
}

impl View {
    /// Asks for the ids of all patients in the view.
    pub(crate) fn patients(&self) -> Statement {
        let column = quoted(&self.patient);
        let sql = format!("SELECT DISTINCT {column} COLLATE BINARY FROM {} ORDER BY 1", quoted(&self.table));
        Statement { sql, parameters: Vec::new() }
    }
}

/// SQL as it grows.
struct Sql<'a> {
    view: &'a View,
    text: String,
    parameters: Vec<Parameter>,
}

impl Sql<'_> {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn bind(&mut self, parameter: Parameter) {
        self.parameters.push(parameter);
        self.push("?");
    }

    /// Whose rows. An id that cannot be one in this database matches none.
    fn patient(&mut self, patient: &str) {
        let is_number = self.view.columns.get(&self.view.patient) == Some(&ColumnType::Number);
        let number = patient.parse().ok().filter(|number: &i64| number.to_string() == patient);
        let parameter = match (is_number, number) {
            (true, Some(number)) => Parameter::Integer(number),
            (true, None) => return self.push("0"),
            (false, _) => Parameter::Text(patient.to_owned()),
        };
        // Whatever the column says of upper and lower case: two people's ids are never one.
        self.push(&format!("{} COLLATE BINARY = ", quoted(&self.view.patient)));
        self.bind(parameter);
    }

    fn condition(&mut self, condition: &Condition) -> Result<(), QueryError> {
        match condition {
            Condition::All(all) => self.joined(all, " AND "),
            Condition::Any(any) => self.joined(any, " OR "),
            Condition::Compare { column, operator, value } => {
                self.start(column)?;
                self.push(operator.sql());
                self.value(column, value)
            }
            Condition::In { column, values } => {
                self.start(column)?;
                self.push(" IN (");
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        self.push(", ");
                    }
                    self.value(column, value)?;
                }
                self.push(")");
                Ok(())
            }
            Condition::IsNull { column } => {
                self.start(column)?;
                self.push(" IS NULL");
                Ok(())
            }
            Condition::Not(condition) => {
                self.push("NOT (");
                self.condition(condition)?;
                self.push(")");
                Ok(())
            }
        }
    }

    fn joined(&mut self, conditions: &[Condition], word: &str) -> Result<(), QueryError> {
        for (index, condition) in conditions.iter().enumerate() {
            if index > 0 {
                self.push(word);
            }
            self.push("(");
            self.condition(condition)?;
            self.push(")");
        }
        Ok(())
    }

    fn start(&mut self, column: &str) -> Result<(), QueryError> {
        let (column, _) = self.column(column)?;
        self.push(&quoted(&column));
        Ok(())
    }

    /// A column's name and type as the mapping has them; nothing else of the query becomes SQL.
    fn column(&self, found: &str) -> Result<(String, ColumnType), QueryError> {
        let declared = self.view.columns.get_key_value(found);
        declared
            .map(|(column, kind)| (column.clone(), *kind))
            .ok_or_else(|| QueryError::Column { view: self.view.name.clone(), found: found.to_owned() })
    }

    fn value(&mut self, column: &str, value: &Literal) -> Result<(), QueryError> {
        let (_, kind) = self.column(column)?;
        let parameter = match (kind, value) {
            (ColumnType::Number, Literal::Integer(number)) => Parameter::Integer(*number),
            (ColumnType::Number, Literal::Real(number)) => Parameter::Real(*number),
            (ColumnType::Text, Literal::Text(text)) => Parameter::Text(text.clone()),
            (ColumnType::Date, Literal::Text(text)) if is_date(text) => Parameter::Text(text.clone()),
            (expected, _) => return Err(QueryError::Type { column: column.to_owned(), expected }),
        };
        self.bind(parameter);
        Ok(())
    }
}

impl Operator {
    const fn sql(self) -> &'static str {
        match self {
            Self::Equal => " = ",
            Self::Less => " < ",
            Self::LessOrEqual => " <= ",
            Self::More => " > ",
            Self::MoreOrEqual => " >= ",
            Self::NotEqual => " <> ",
        }
    }
}

/// A plain identifier in SQL's quotes; the mapping lets nothing else be a name.
fn quoted(identifier: &str) -> String {
    format!("\"{identifier}\"")
}

/// `2015`, `2015-02`, `2015-02-07`, or one of these and a time.
fn is_date(text: &str) -> bool {
    let (date, time) = text.split_once(['T', ' ']).map_or((text, ""), |(date, time)| (date, time));
    let mut parts = date.split('-');
    let is_digits =
        |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.next().is_some_and(|year| is_digits(year, 4))
        && parts.clone().count() <= 2
        && parts.all(|part| is_digits(part, 2))
        && time.bytes().all(|byte| byte.is_ascii_digit() || b":.Z+-".contains(&byte))
}

/// Why a query was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A column that the view does not declare.
    #[error("view {view} has no column {found:?}")]
    Column {
        /// The view.
        view: String,
        /// The name.
        found: String,
    },
    /// Conditions within conditions, too many of them.
    #[error("conditions are nested deeper than {limit}")]
    TooDeep {
        /// The deepest.
        limit: usize,
    },
    /// A text that is too long to be a query.
    #[error("query of {found} bytes, expected at most {limit}")]
    TooLong {
        /// The longest.
        limit: usize,
        /// How long it is.
        found: usize,
    },
    /// A value of another type than the column.
    #[error("column {column} is compared with a value that is no {expected:?}")]
    Type {
        /// The column.
        column: String,
        /// The column's type.
        expected: ColumnType,
    },
    /// Something else than what could follow here.
    #[error("expected {expected}, found {found:?} at byte {at}")]
    Unexpected {
        /// What could follow.
        expected: &'static str,
        /// What stands there; empty at the end.
        found: String,
        /// Where.
        at: usize,
    },
    /// Another view than the one asked for.
    #[error("query of view {found:?}, expected {expected}")]
    View {
        /// The view asked for.
        expected: String,
        /// The view that the query names.
        found: String,
    },
}

impl QueryError {
    /// Returns who is to blame: whoever wrote the query.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        Fault::Caller
    }
}

#[cfg(test)]
mod tests;
