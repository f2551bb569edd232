"""The kinds of edges that feed keeps, each from a user."""

# To a post.
LIKE = "like"
SAVE = "save"
# To a comment.
COMMENT_LIKE = "comment_like"
