-- A database of the shape that the original MedRec's gatekeeper stood in front of (patient_info, document_info,
-- encounter_info), with people who do not exist.
CREATE TABLE patient_info (id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, birthdate TEXT, sex TEXT);
CREATE TABLE encounter_info (
  id INTEGER PRIMARY KEY, patient_id INTEGER NOT NULL REFERENCES patient_info (id),
  visit_date TEXT, reason TEXT, systolic REAL, cancelled INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE document_info (
  id INTEGER PRIMARY KEY, patient_id TEXT NOT NULL, written TEXT, title TEXT, secret TEXT
);
INSERT INTO patient_info VALUES
  (1, 'Ada', 'O''Neill', '1970-02-03', 'female'), (2, 'Ben', 'Okafor', '1981-11-30', 'male'), (10, 'Chen', 'Wei', NULL, NULL);
INSERT INTO encounter_info VALUES
  (1, 1, '2024-01-05', 'Check-up', 128.5, 0), (2, 1, '2024-06-01', 'Cough "since May"', NULL, 0),
  (3, 1, '2024-07-01', 'Did not come', NULL, 1), (4, 2, '2023-03-03', 'Fracture', 141, 0), (5, 10, NULL, 'Vaccination', NULL, 0);
INSERT INTO document_info VALUES
  (1, '1', '2024-01-06T09:30:00Z', 'Letter', 'internal remark'), (2, '2', '2023-03-04T08:00:00Z', 'X-ray report', 'internal remark');
