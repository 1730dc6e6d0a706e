; A section reaches to the next heading of its level or of one above it.
(atx_heading heading_content: (_) @name) @definition.string @section
(setext_heading heading_content: (_) @name) @definition.string @section
