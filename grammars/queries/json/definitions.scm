(pair key: (_) @name value: (object) @body) @definition.module
(pair key: (_) @name value: (array) @body) @definition.array
(pair key: (_) @name) @definition.property
