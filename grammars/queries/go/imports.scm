(import_spec path: (_) @import.module) @import
(import_spec name: (package_identifier) @import.alias) @import
