"""The command `evidence mark`."""

from evidence.cli.options import Data, Ledger, Manuscript, Rewritten, rewrite


def mark(
    draft: Manuscript, output: Rewritten = None, ledger: Ledger = None, data: Data = None
) -> None:
    """Write marks {ev:ID} behind the numbers that are certain, and comments at the rest (Word)."""
    from evidence.manuscripts.ledgers import read_known
    from evidence.manuscripts.mark import mark_markdown, mark_word

    def change(content: bytes, is_word: bool) -> tuple[bytes, str, tuple[str, ...]]:
        known = read_known(ledger, data=data)
        marked = (mark_word if is_word else mark_markdown)(content, known)
        said = f"{marked.written} marked, {len(marked.left)} left without a mark"
        return marked.content, said, marked.left

    rewrite(draft, output, change)
