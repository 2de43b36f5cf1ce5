// SPDX-License-Identifier: Apache-2.0
// The site that scripts/docs makes of README.md and docs/: the order of the pages, by what a reader
// wants to do, and what their Markdown means there. VitePress fails where a link leads nowhere.
import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

const pages = fileURLToPath(new URL('..', import.meta.url))

const list = (text, entries) => ({
  text,
  items: Object.entries(entries).map(([title, link]) => ({ text: title, link: `/${link}` })),
})

export const sidebar = [
  list('Begin', {
    'What it is': '',
    Install: '#install',
    'Tutorial: five minutes': '#five-minutes',
    'Tutorial: a whole platform': 'docs/stack',
    'When not to use it': 'docs/when-not',
    'Coming from another tool': 'docs/coming-from',
  }),
  list('How to, on a site', {
    'First install': 'docs/operations/first-install',
    'Take over what is there': 'docs/operations/take-over',
    Upgrade: 'docs/operations/upgrade',
    'Roll back': 'docs/operations/roll-back',
    Uninstall: 'docs/operations/uninstall',
    'Back up and restore': 'docs/operations/back-up',
    'Move to a new host': 'docs/operations/new-host',
    'The machine is lost': 'docs/operations/disaster',
    'A transaction needs a person': 'docs/operations/needs-operator',
    'The disk is full': 'docs/operations/disk-full',
    'A part of the state is lost': 'docs/operations/store-lost',
    'A key is lost': 'docs/operations/key-lost',
    'A certificate is renewed': 'docs/operations/certificate',
    'Without root': 'docs/operations/privileges',
    'Events, to tell others': 'docs/events',
    'Metrics and logs': 'docs/metrics',
    'A support bundle': 'docs/support',
    'Audit log and evidence': 'docs/audit',
    'Receipts of sites': 'docs/receipts',
  }),
  list('How to, for a release', {
    'Keys and roots': 'docs/operations/key-ceremony',
    'Verify by hand': 'docs/verify-by-hand',
    'Client assets': 'docs/assets',
    Configuration: 'docs/configuration',
    Templates: 'docs/templates',
    Secrets: 'docs/secrets',
    'Feature flags': 'docs/flags',
    'Container images': 'docs/images',
    Databases: 'docs/databases',
    'Folders of data': 'docs/data',
    'Site archives': 'docs/site-archives',
    'Delta bundles': 'docs/delta',
    Volumes: 'docs/volumes',
    'What runs': 'docs/workloads',
    'Compose files': 'docs/compose',
    Kubernetes: 'docs/kubernetes',
    'A tour with a cluster': 'docs/kubernetes-tour',
    'A Job of the cluster': 'docs/in-cluster',
    'Buckets and CDNs': 'docs/s3',
    'Dashboards and monitors': 'docs/observability',
    'Source maps at Sentry': 'docs/sentry',
    'Units of systemd': 'docs/workloads-systemd',
    'Commands and hooks': 'docs/workloads-exec',
    'Health checks': 'docs/health',
    'Services, certificates, drift': 'docs/services',
  }),
  list('Reference', {
    Commands: 'docs/commands',
    'Errors and exit statuses': 'docs/errors',
    'Bundle format': 'docs/bundle-format',
    Limits: 'docs/limits',
    Glossary: 'docs/glossary',
    Changelog: 'CHANGELOG',
  }),
  list('Explanation', {
    Trust: 'docs/trust',
    'Threat model': 'docs/threat-model',
    Compliance: 'docs/compliance',
    'Install protocol': 'docs/install-protocol',
    Promises: 'docs/promises',
    Security: 'SECURITY',
    Architecture: 'docs/architecture',
    Development: 'docs/development',
    Contributing: 'CONTRIBUTING',
  }),
]

// README.md is the first page here. A link to a file of the repository that is no page becomes its
// text, for the site must work where there is no repository.
function adapt_links(state) {
  const here = dirname(state.env.relativePath)
  const of_links = state.tokens.flatMap((token) => token.children ?? [])
  let outside = false
  for (const token of of_links) {
    if (token.type === 'link_close' && outside) {
      token.tag = 'span'
      outside = false
    }
    if (token.type !== 'link_open') continue
    const [target, anchor] = token.attrGet('href').split('#')
    if (!target || /^[a-z]+:/.test(target)) continue
    const path = normalize(join(here, target))
    if (path === 'README.md') {
      token.attrSet('href', target.replace('README.md', 'index.md') + (anchor ? `#${anchor}` : ''))
    } else if (!target.endsWith('.md') || !existsSync(join(pages, path))) {
      outside = true
      token.tag = 'span'
      token.attrs = [['title', `${path}, in the repository`]]
    }
  }
}

// The theme's search box is, for those who hear it, a button around a box of options around links. Here it is
// a dialog with a list of links, each named by what is seen.
const search_for_everybody = {
  name: 'search-for-everybody',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('VPLocalSearchBox.vue')) return undefined
    for (const [found, instead] of [
      ['role="button"', 'role="dialog"'],
      [`:role="results?.length ? 'listbox' : undefined"`, ''],
      [`:aria-selected="selectedIndex === index ? 'true' : 'false'"`, ''],
      ['role="option"', ''],
      [`:aria-label="[...p.titles, p.title].join(' > ')"`, ''],
    ]) {
      if (!code.includes(found)) throw new Error(`the theme's search box has changed: no ${found}`)
      code = code.replace(found, instead)
    }
    return code
  },
}

export default {
  title: 'Sealift',
  description: 'Installs releases of a web platform on servers that have no network',
  lang: 'en',
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  themeConfig: {
    sidebar,
    outline: [2, 3],
    search: {
      provider: 'local',
      // The reference of commands has every word: it comes behind the page that is about one.
      options: { miniSearch: { searchOptions: {
        fuzzy: false,
        boostDocument: (id) => (id.includes('/docs/commands') ? 0.2 : 1),
      } } },
    },
  },
  // Pages in the order of their names, so that the search's index has the same bytes each time.
  buildConcurrency: 1,
  vite: { plugins: [search_for_everybody] },
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config(md) {
      md.core.ruler.push('adapt_links', adapt_links)
      // Two braces are a template's in our pages, never Vue's.
      for (const rule of ['text', 'code_inline']) {
        const render = md.renderer.rules[rule]
        md.renderer.rules[rule] = (...given) => render(...given).replaceAll('{{', '&#123;&#123;')
      }
    },
  },
}
