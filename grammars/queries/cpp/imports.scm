; inherits: c
(import_declaration name: (_) @import.module) @import
