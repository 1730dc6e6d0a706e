; @injection.content is in the language that the pattern sets or that @injection.language or the
; @injection.tag names; an @injection.string is SQL where it is marked.
(script_element (start_tag) @injection.tag (raw_text) @injection.content)
(style_element (start_tag) @injection.tag (raw_text) @injection.content)
