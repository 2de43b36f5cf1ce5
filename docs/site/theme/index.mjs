// SPDX-License-Identifier: Apache-2.0
// VitePress's theme without its fonts, and with what axe-core finds missing in it.
import { h } from 'vue'
import Theme from 'vitepress/theme-without-fonts'
import './style.css'

const not_found = () =>
  h('main', { class: 'not-found' }, [
    h('h1', 'No such page'),
    h('p', [h('a', { href: '/' }, 'The first page'), ' has the list of all. Or search: press /']),
  ])

export default {
  extends: Theme,
  Layout: () => h(Theme.Layout, null, { 'not-found': not_found }),
}
