/**
 * Words that come inside of records: the keys of their rows, the codes that FHIR fixes, and what is measured most. What is not listed here is
 * shown as it came: free text and code names stay in the language of the hospital.
 */

export interface Terms {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, string>>;
  /** What is measured most, by its LOINC code. */
  readonly measures: Readonly<Record<string, string>>;
}

export const terms = {
  en: {
    measures: {
      '8302-2': 'Height', '29463-7': 'Weight', '39156-5': 'Body mass index', '9843-4': 'Head circumference',
      '8480-6': 'Upper blood pressure', '8462-4': 'Lower blood pressure', '8867-4': 'Pulse', '9279-1': 'Breaths per minute',
      '8310-5': 'Body temperature', '2708-6': 'Oxygen in the blood', '59408-5': 'Oxygen in the blood (at the finger)',
      '72514-3': 'Pain, from 0 to 10', '2345-7': 'Blood sugar', '2339-0': 'Blood sugar', '15074-8': 'Blood sugar',
      '4548-4': 'Long-term blood sugar (HbA1c)', '2093-3': 'Cholesterol', '2085-9': '“Good” cholesterol (HDL)',
      '18262-6': '“Bad” cholesterol (LDL)', '13457-7': '“Bad” cholesterol (LDL)', '2571-8': 'Blood fats (triglycerides)',
      '2160-0': 'Creatinine (kidneys)', '38483-4': 'Creatinine (kidneys)', '33914-3': 'Kidney filtration (eGFR)',
      '3094-0': 'Urea nitrogen (kidneys)', '6299-2': 'Urea nitrogen (kidneys)', '718-7': 'Haemoglobin', '4544-3': 'Haematocrit',
      '789-8': 'Red blood cells', '6690-2': 'White blood cells', '777-3': 'Platelets', '2951-2': 'Sodium', '2823-3': 'Potassium',
      '6298-4': 'Potassium', '2075-0': 'Chloride', '17861-6': 'Calcium', '49765-1': 'Calcium', '1742-6': 'ALT (liver)',
      '1920-8': 'AST (liver)', '3016-3': 'TSH (thyroid)',
    },
    labels: {
      activity: 'Activity', title: 'Name', value: 'Value', date: 'Date', address: 'Address', author: 'Author', 'body-site': 'Part of the body', born: 'Born', component: 'Part',
      conclusion: 'Conclusion', covers: 'Signed records', contact: 'Contact', content: 'Content', device: 'Device', discharge: 'Discharged to', dosage: 'How to take it',
      dose: 'Dose', ended: 'Ended', expires: 'Expires', format: 'Format', gender: 'Sex', identifier: 'Number', images: 'Images',
      ingredient: 'Ingredient', intent: 'Intent', interpretation: 'Interpretation', issued: 'Issued', kind: 'Kind', language: 'Language',
      lot: 'Lot', made: 'Made', maker: 'Maker', method: 'Method', model: 'Model', note: 'Note', onset: 'Began', organization: 'Organisation',
      outcome: 'Outcome', performer: 'By', period: 'Period', place: 'Place', reaction: 'Reaction', reason: 'Reason', recorded: 'Recorded',
      'reference-range': 'Usual range', results: 'Results', role: 'Role', route: 'Route', serial: 'Serial number', services: 'Services',
      severity: 'Severity', status: 'Status', supply: 'Supply', target: 'Goal', verification: 'Certainty',
    },
    values: {
      accepted: 'accepted', active: 'active', allergy: 'allergy', amended: 'amended', cancelled: 'cancelled', completed: 'completed',
      confirmed: 'confirmed', corrected: 'corrected', current: 'current', draft: 'draft', 'encounter-diagnosis': 'found at a visit',
      'entered-in-error': 'entered by mistake', environment: 'environment', female: 'female', final: 'final', finished: 'finished', food: 'food',
      high: 'high', inactive: 'inactive', 'in-progress': 'in progress', intolerance: 'intolerance', low: 'low', male: 'male',
      medication: 'medicine', 'not-done': 'not done', 'on-hold': 'on hold', order: 'order', plan: 'plan', planned: 'planned',
      preliminary: 'preliminary', proposal: 'proposal', registered: 'registered', resolved: 'resolved', stopped: 'stopped',
      superseded: 'replaced', 'unable-to-assess': 'not assessed', unconfirmed: 'unconfirmed', unknown: 'unknown',
      AMB: 'Outpatient', EMER: 'Emergency', HH: 'At home', IMP: 'Inpatient', VR: 'By phone or video', yes: 'yes', no: 'no',
    },
  },
  zh: {
    measures: {
      '8302-2': '身高', '29463-7': '体重', '39156-5': '体重指数（BMI）', '9843-4': '头围', '8480-6': '收缩压（高压）', '8462-4': '舒张压（低压）', '8867-4': '脉搏',
      '9279-1': '呼吸频率', '8310-5': '体温', '2708-6': '血氧饱和度', '59408-5': '血氧饱和度（指夹）', '72514-3': '疼痛评分（0–10）', '2345-7': '血糖', '2339-0': '血糖',
      '15074-8': '血糖', '4548-4': '糖化血红蛋白（HbA1c）', '2093-3': '总胆固醇', '2085-9': '高密度脂蛋白胆固醇（HDL）', '18262-6': '低密度脂蛋白胆固醇（LDL）',
      '13457-7': '低密度脂蛋白胆固醇（LDL）', '2571-8': '甘油三酯', '2160-0': '肌酐（肾功能）', '38483-4': '肌酐（肾功能）', '33914-3': '肾小球滤过率（eGFR）',
      '3094-0': '尿素氮（肾功能）', '6299-2': '尿素氮（肾功能）', '718-7': '血红蛋白', '4544-3': '红细胞压积', '789-8': '红细胞计数', '6690-2': '白细胞计数', '777-3': '血小板计数',
      '2951-2': '钠', '2823-3': '钾', '6298-4': '钾', '2075-0': '氯', '17861-6': '钙', '49765-1': '钙', '1742-6': '谷丙转氨酶（肝功能）',
      '1920-8': '谷草转氨酶（肝功能）', '3016-3': '促甲状腺激素（TSH）',
    },
    labels: {
      activity: '活动', title: '名称', value: '数值', date: '日期', address: '地址', author: '作者', 'body-site': '部位', born: '出生日期', component: '组成部分', conclusion: '结论', covers: '所签的记录',
      contact: '联系方式', content: '内容', device: '设备', discharge: '出院去向', dosage: '用法', dose: '剂次', ended: '结束', expires: '有效期至',
      format: '格式', gender: '性别', identifier: '编号', images: '影像数', ingredient: '成分', intent: '意图', interpretation: '解读',
      issued: '签发', kind: '类型', language: '语言', lot: '批号', made: '生产日期', maker: '厂商', method: '方法', model: '型号', note: '备注',
      onset: '开始', organization: '机构', outcome: '结果', performer: '执行者', period: '期间', place: '地点', reaction: '反应', reason: '原因',
      recorded: '记录日期', 'reference-range': '参考范围', results: '结果', role: '角色', route: '途径', serial: '序列号', services: '服务项目',
      severity: '严重程度', status: '状态', supply: '供应量', target: '目标', verification: '确定程度',
    },
    values: {
      accepted: '已接受', active: '有效', allergy: '过敏', amended: '已修订', cancelled: '已取消', completed: '已完成', confirmed: '已确认',
      corrected: '已更正', current: '当前', draft: '草稿', 'encounter-diagnosis': '就诊时诊断', 'entered-in-error': '误录', environment: '环境',
      female: '女', final: '最终', finished: '已结束', food: '食物', high: '高', inactive: '无效', 'in-progress': '进行中', intolerance: '不耐受',
      low: '低', male: '男', medication: '药物', 'not-done': '未进行', 'on-hold': '暂停', order: '医嘱', plan: '计划', planned: '已计划',
      preliminary: '初步', proposal: '建议', registered: '已登记', resolved: '已缓解', stopped: '已停止', superseded: '已被取代',
      'unable-to-assess': '无法评估', unconfirmed: '未确认', unknown: '未知', AMB: '门诊', EMER: '急诊', HH: '居家', IMP: '住院',
      VR: '电话或视频', yes: '是', no: '否',
    },
  },
} as const satisfies Record<string, Terms>;
