//! Holds the rules of the house (`layers.rs`) and the small tools that the browser journeys need (`src/bin/`).
