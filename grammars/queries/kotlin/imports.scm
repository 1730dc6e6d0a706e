; @import.path is a dotted path whose last part is the name.
(import_header (identifier) @import.path .) @import
(import_header (identifier) @import.path (import_alias (type_identifier) @import.alias)) @import
(import_header (identifier) @import.module (wildcard_import)) @import
