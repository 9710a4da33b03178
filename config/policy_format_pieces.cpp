#include "config/policy_format_pieces.h"

#include <algorithm>
#include <utility>

namespace sekisho::config {
namespace {

class Attaching {
 public:
  Attaching(const Document& document, const Scan& scan) : scan_(scan), top_(std::make_unique<Piece>()) {
    top_->value = document.root();
    grow(*top_);
  }

  std::unique_ptr<Piece> finish() {
    bool of_what_follows = false;
    std::size_t block_end = 0;
    for (std::size_t i = 0; i < scan_.comments.size(); ++i) {
      const auto& comment = scan_.comments[i];
      if (i >= block_end) of_what_follows = speaks_of_what_follows(i, block_end);
      if (comment.alone || comment.dashed) {
        line_of_its_own(comment, of_what_follows);
      } else {
        behind_something(comment);
      }
    }
    split_head();
    for (auto* piece : order_) settle_gaps(*piece);
    return std::move(top_);
  }

 private:
  void grow(Piece& parent) {
    const Node& node = *parent.value;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      auto piece = std::make_unique<Piece>();
      piece->parent = &parent;
      piece->value = &node.items[i];
      if (node.kind == Node::Kind::map) piece->key = &node.keys[i];
      piece->at = scan_.offset((piece->key ? piece->key : piece->value)->place);
      order_.push_back(piece.get());
      parent.children.push_back(std::move(piece));
      grow(*parent.children.back());
    }
  }

  // The last piece that begins before this, and the first behind it; none: null.
  Piece* last_before(std::size_t at) const {
    const auto next = behind(at);
    return next == order_.begin() ? nullptr : *std::prev(next);
  }
  Piece* first_behind(std::size_t at) const {
    const auto next = behind(at);
    return next == order_.end() ? nullptr : *next;
  }
  std::vector<Piece*>::const_iterator behind(std::size_t at) const {
    return std::upper_bound(order_.begin(), order_.end(), at,
                            [](std::size_t place, const Piece* one) { return place < one->at; });
  }
  static bool is_within(const Piece* piece, const Piece* outer) {
    for (; piece; piece = piece->parent)
      if (piece == outer) return true;
    return false;
  }
  bool in_brackets(const Piece& piece) const { return scan_.closed.contains(piece.value); }
  // Where the children of a list or map without brackets are indented to.
  static std::size_t column_of_children(const Piece& piece) {
    const Place& place = piece.is_map() ? piece.value->keys.front().place : piece.value->place;
    return static_cast<std::size_t>(place.column - 1);
  }

  Remark remark(const Comment& comment) const { return {comment.text, scan_.empty_line_above(comment.at)}; }

  void behind_something(const Comment& comment) {
    Piece* piece = last_before(comment.at);
    if (!piece) return top_->before.push_back({comment.text});
    // Behind a bracket that closes, it speaks of all that is inside.
    Piece* closed = nullptr;
    for (Piece* one = piece; one; one = one->parent)
      if (const auto end = scan_.closed.find(one->value);
          end != scan_.closed.end() && end->second < comment.at)
        closed = one;
    if (closed) piece = closed;
    if (piece == top_.get()) return top_->after.push_back({comment.text});
    piece->behind.push_back({comment.text});
  }

  // Whether the block of comment lines that begins here stands apart from what is above it, and close to what
  // is below: then it speaks of that, however it is indented. `end`: the first comment behind the block.
  bool speaks_of_what_follows(std::size_t index, std::size_t& end) const {
    const auto& all = scan_.comments;
    auto line_behind = scan_.line_behind(all[index].at);
    for (end = index + 1; end < all.size() && all[end].alone && scan_.line_start(all[end].at) == line_behind;
         ++end)
      line_behind = scan_.line_behind(all[end].at);
    return scan_.empty_line_above(all[index].at) && !scan_.is_empty_line(line_behind);
  }

  void line_of_its_own(const Comment& comment, bool of_what_follows) {
    Piece* const previous = last_before(comment.at);
    Piece* const next = first_behind(comment.at);
    if (!previous) return (next ? top_->before : top_->after).push_back(remark(comment));
    if (comment.within) {
      Piece* outer = previous;
      while (outer && outer->value != comment.within) outer = outer->parent;
      if (!outer) outer = top_.get();
      if (next && next != outer && is_within(next, outer)) return next->before.push_back(remark(comment));
      return (outer->has_children() || !outer->parent ? outer->after : outer->before)
          .push_back(remark(comment));
    }
    // Between a key and what it names.
    if (previous->key && scan_.offset(previous->value->place) > comment.at &&
        (previous->value->kind == Node::Kind::scalar || in_brackets(*previous)))
      return previous->before.push_back(remark(comment));
    if (next && is_below_dash(*next, comment)) {
      Piece* first = next;
      while (!first->key && first->has_children() && !in_brackets(*first))
        first = first->children.front().get();
      return first->before.push_back(remark(comment));
    }
    if (Piece* outer = comment.dashed ? nullptr : ended_list(*previous, next, comment, of_what_follows))
      return outer->after.push_back(remark(comment));
    (next ? next->before : top_->after).push_back(remark(comment));
  }

  // Whether the dash of this item stands alone on a line, and the comment below it: then it speaks of the
  // first entry of the item.
  bool is_below_dash(const Piece& item, const Comment& comment) const {
    if (item.key || comment.dashed ||
        scan_.line_to(item.at).find_first_not_of(" \t") != std::string_view::npos)
      return false;
    for (auto at = scan_.line_start(comment.at); at > 0;) {
      at = scan_.line_start(at - 1);
      const auto start = scan_.bytes.find_first_not_of(" \t\r", at);
      if (scan_.bytes[start] == '#' || scan_.bytes[start] == '\n') continue;
      return scan_.bytes[start] == '-' &&
             scan_.bytes.find_first_of("#\n", start) == scan_.bytes.find_first_not_of(" \t\r-", start);
    }
    return false;
  }

  // The list or map that ends here and whose last line the comment is, by its indentation.
  Piece* ended_list(Piece& previous, const Piece* next, const Comment& comment, bool of_what_follows) const {
    if (next) {
      if (of_what_follows || !next->before.empty()) return nullptr;
      const bool dashed = !next->key && !in_brackets(*next->parent);
      const auto column =
          dashed ? column_of_children(*next->parent)
                 : static_cast<std::size_t>((next->key ? next->key : next->value)->place.column - 1);
      if (comment.column <= column) return nullptr;
    }
    for (Piece* outer = &previous; outer->parent; outer = outer->parent) {
      if (next && is_within(next, outer)) return nullptr;
      bool inside = !outer->has_children();
      for (const Piece* one = outer; one; one = one->parent) inside |= in_brackets(*one);
      if (!inside && comment.column > 0 && column_of_children(*outer) <= comment.column) return outer;
    }
    return nullptr;
  }

  // The head of a file speaks of all of it and stays there. Where an empty line divides it, what stands right
  // above the first entry speaks of that.
  void split_head() {
    if (top_->before.empty() || order_.empty()) return;
    auto& head = top_->before;
    Piece& first = *order_.front();
    top_->gap_below = scan_.empty_line_above(first.at);
    if (top_->gap_below) return;
    const auto last =
        std::find_if(head.rbegin(), std::prev(head.rend()), [](const Remark& one) { return one.gap; });
    if (last == std::prev(head.rend())) return;
    const auto from = std::prev(last.base());
    first.before.insert(first.before.begin(), from, head.end());
    head.erase(from, head.end());
    top_->gap_below = true;
  }

  void settle_gaps(Piece& piece) const {
    const bool begins_line = scan_.line_to(piece.at).find_first_not_of(" \t-?") == std::string_view::npos;
    const bool gap = begins_line && scan_.empty_line_above(piece.at);
    piece.gap_above = piece.before.empty() ? gap : piece.before.front().gap;
    piece.gap_below = !piece.before.empty() && gap;
  }

  const Scan& scan_;
  std::unique_ptr<Piece> top_;
  std::vector<Piece*> order_;  // all, as they begin
};

}  // namespace

std::unique_ptr<Piece> pieces(const Document& document, const Scan& scan) {
  return Attaching(document, scan).finish();
}

}  // namespace sekisho::config
