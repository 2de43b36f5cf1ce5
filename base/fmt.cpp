// SPDX-License-Identifier: Apache-2.0
// The one place where fmt is compiled. Debian has no static archive of it, and its headers
// (FMT_HEADER_ONLY) would compile all of this again in every file that formats a text.
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE

template FMT_API auto detail::locale_ref::get<std::locale>() const -> std::locale;
template FMT_API auto detail::thousands_sep_impl(locale_ref) -> thousands_sep_result<char>;
template FMT_API auto detail::decimal_point_impl(locale_ref) -> char;
template FMT_API void detail::buffer<char>::append(const char*, const char*);
template FMT_API void detail::vformat_to(buffer<char>&, string_view,
                                         basic_format_args<FMT_BUFFER_CONTEXT(char)>, locale_ref);

FMT_END_NAMESPACE
