; @import.path is a dotted path whose last part is the name, unless there is an @import.module.
(import_header (identifier) @import.path) @import
(import_header (identifier (simple_identifier) @import.name .) (import_alias (type_identifier) @import.alias)) @import
(import_header (identifier) @import.module (wildcard_import)) @import
