; @reference.links is text with links in it, [as this](one.md).
(inline) @reference.links
(link_destination) @reference
